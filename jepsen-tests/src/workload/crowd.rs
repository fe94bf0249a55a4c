//! People by the hundred thousand, brought by an operator from elsewhere: accounts without a password, who all follow
//! one creator.

use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::seed::Seed;

/// Crockford's base 32, in which ids are written.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Somebody who was brought.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    /// As in [`crate::api::Api::sign_in`].
    pub name: String,
}

/// Makes up so many people. The same seed makes up the same ones.
pub fn people(seed: &mut Seed, count: usize) -> Vec<Person> {
    let mark = seed.value();
    (0..count).map(|number| Person { id: id(seed), name: format!("fan-{mark}-{number}") }).collect()
}

/// An id that no node makes: they begin with the time, and this one with a time long ago.
fn id(seed: &mut Seed) -> String {
    let mut rest = u128::from(seed.draw()) << 64 | u128::from(seed.draw());
    rest >>= 8;
    let mut digits = [b'0'; 26];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 32) as usize];
        rest /= 32;
    }
    format!("usr_{}", String::from_utf8_lossy(&digits))
}

/// Brings accounts, with `livedropctl account import`.
pub async fn bring(cluster: &Cluster, people: &[Person]) -> Result<()> {
    let path = cluster.folder().join("accounts.jsonl");
    let mut file = BufWriter::new(File::create(&path)?);
    for Person { id, name } in people {
        let email = format!("{name}@example.com");
        writeln!(file, "{}", json!({ "id": id, "email": email, "display_name": name, "role": "buyer" }))?;
    }
    file.into_inner()?.sync_all()?;
    let brought = cluster.have(&["account".into(), "import".into(), path.display().to_string()]).await?;
    brought_all(&brought, "taken", people.len())
}

/// What was sent twice, because the answer was lost, was there already the second time.
fn brought_all(brought: &Value, already: &str, count: usize) -> Result<()> {
    let number = |name: &str| brought[name].as_u64().unwrap_or_default();
    ensure!(number("added") + number(already) == count as u64, "of {count}: {brought}");
    Ok(())
}

/// Has all of them follow a creator, with `livedropctl follow import`.
pub async fn follow<'a>(cluster: &Cluster, creator: &str, ids: impl Iterator<Item = &'a str>) -> Result<()> {
    let path = cluster.folder().join("followers.txt");
    let (mut file, mut count) = (BufWriter::new(File::create(&path)?), 0);
    for id in ids {
        writeln!(file, "{id}")?;
        count += 1;
    }
    file.into_inner()?.sync_all()?;
    let import = ["follow", "import", "--creator", creator].map(str::to_owned);
    let brought = cluster.have(&[&import[..], &[path.display().to_string()]].concat()).await?;
    brought_all(&brought, "already", count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_many_and_have_ids_that_a_node_takes() {
        let people = people(&mut Seed::new(7), 1_000);
        let ids: std::collections::BTreeSet<_> = people.iter().map(|person| person.id.clone()).collect();
        assert_eq!(ids.len(), 1_000);
        let fits = |id: &String| {
            id.len() == 30 && id.starts_with("usr_0") && id.bytes().skip(4).all(|it| DIGITS.contains(&it))
        };
        assert!(ids.iter().all(fits), "{ids:?}");
    }
}
