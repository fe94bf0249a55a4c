use clap::Args;
use livedrop_certificates::Period;

use super::{Folder, Signer, clock, open, refused, write};
use crate::ctl::context::Context;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// The node's id in cluster.members
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..))]
    id: u64,
    /// The names and IP addresses under which livedropctl and clients reach it; the other nodes know it by its id
    #[arg(long, value_name = "HOST,…", value_delimiter = ',', required = true)]
    host: Vec<String>,
    /// How many days it is good
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    folder: Folder,
}

/// Makes `node-ID.pem` and `node-ID.key`.
pub fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Wanted { id, host, days, signer, folder } = wanted;
    let authority = open(&signer, &folder)?;
    let made = authority.node(signer.cluster.as_deref(), id, &host, Period::days(clock::now(), days));
    let pair = made.map_err(|error| refused("the node's certificate cannot be made", &error))?;
    write(context, &folder, &format!("node-{id}"), &pair)
}
