//! `livedropd recover`: one survivor goes on alone, after the majority is gone for good.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::Context;
use livedrop_config::NodeConfig;
use livedrop_store::types::LogId;
use livedrop_store::{Standing, Survivor};

use crate::{app, clock};

/// Says what the directory knows and what may be lost, asks unless `yes`, and then makes the node the only member of its
/// cluster. Blocks. Answers whether it was done.
pub fn recover(config: &NodeConfig, yes: bool, to: &mut impl Write) -> anyhow::Result<bool> {
    let survivor = Survivor::open(&config.node.data_dir, &super::identity(config), &app::settings::store(config))?;
    let standing = survivor.standing().clone();
    tell(config, &standing, to).context("writing to standard output")?;
    if !yes && !ask(to)? {
        writeln!(to, "\nNothing was changed. Add --yes when the other members are gone for good.")?;
        return Ok(false);
    }
    let last = survivor.recover(clock::now())?;
    let others = others(config, &standing);
    writeln!(to, "\nNode {} is the only member now, as of entry {}. Start it as before.", config.node.id, last.index)?;
    if !others.is_empty() {
        writeln!(to, "{others} can never come back: new nodes join with new ids (`livedropctl member add`).")?;
    }
    Ok(true)
}

fn tell(config: &NodeConfig, standing: &Standing, to: &mut impl Write) -> std::io::Result<()> {
    let index = |id: Option<LogId>| id.map_or("none".to_owned(), |id| id.index.to_string());
    let of = |id: Option<LogId>| id.map_or(0, |id| id.index);
    let unknown = of(standing.last).saturating_sub(of(standing.committed));
    let voters: Vec<String> = standing.voters.iter().map(u64::to_string).collect();
    writeln!(to, "Node {} of cluster {}, in {}:", config.node.id, config.cluster.id, config.node.data_dir.display())?;
    writeln!(to, "  term                    {}, voted for node {}", standing.term, standing.voted_for)?;
    writeln!(to, "  last log entry          {}", index(standing.last))?;
    writeln!(to, "  known to be committed   {}", index(standing.committed))?;
    writeln!(to, "  voters                  {}\n", voters.join(", "))?;
    writeln!(to, "What recovering means:")?;
    writeln!(
        to,
        "  - Whatever a majority without this node acknowledged after entry {} is lost.",
        index(standing.last)
    )?;
    writeln!(to, "    How much that is, nobody can say from here.")?;
    if unknown > 0 {
        writeln!(to, "  - The last {unknown} entries are kept, although it is not known here whether they were")?;
        writeln!(to, "    acknowledged: buyers may find orders that they were never answered about.")?;
    }
    writeln!(to, "  - If another member lives, look there first: recover the one with the latest entry, once.")?;
    let others = others(config, standing);
    if !others.is_empty() {
        writeln!(to, "  - {others} must never be started again with the data they have. Two clusters would")?;
        writeln!(to, "    sell the same units; this node refuses them.")?;
    }
    Ok(())
}

fn others(config: &NodeConfig, standing: &Standing) -> String {
    let others: Vec<String> = standing.members.keys().filter(|id| **id != config.node.id).map(u64::to_string).collect();
    match others.len() {
        0 => String::new(),
        1 => format!("Node {}", others[0]),
        _ => format!("Nodes {}", others.join(", ")),
    }
}

/// A person at a terminal says "yes"; anything else is no.
fn ask(to: &mut impl Write) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    write!(to, "\nType \"yes\" to go on: ")?;
    to.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
