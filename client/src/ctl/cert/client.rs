use clap::Args;
use livedrop_certificates::{Period, Role};

use super::{Folder, Signer, clock, open, refused, write};
use crate::ctl::context::Context;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// What they may do: a viewer looks, an operator changes the cluster
    #[arg(long, value_name = "ROLE", value_parser = role)]
    role: Role,
    /// Who it is, as the nodes' logs will name them
    #[arg(long, value_name = "NAME")]
    name: String,
    /// How many days it is good; there is no way to take it back before, but for a new authority
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    folder: Folder,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "neither viewer nor operator".to_owned())
}

/// Makes `ROLE-NAME.pem` and `ROLE-NAME.key`.
pub fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Wanted { role, name, days, signer, folder } = wanted;
    let authority = open(&signer, &folder)?;
    let made = authority.client(signer.cluster.as_deref(), role, &name, Period::days(clock::now(), days));
    let pair = made.map_err(|error| refused("the certificate cannot be made", &error))?;
    write(context, &folder, &format!("{role}-{name}"), &pair)
}
