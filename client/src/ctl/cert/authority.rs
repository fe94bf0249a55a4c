use clap::Args;
use livedrop_certificates::{Authority, Period};

use super::{AUTHORITY, Folder, clock, refused, write};
use crate::ctl::context::Context;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// The cluster, as cluster.id says
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// How many days it is good; nothing that it signs is good for longer
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    #[command(flatten)]
    folder: Folder,
}

/// Makes an authority. One that is there already is left alone.
pub fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let made = Authority::make(&wanted.cluster, Period::days(clock::now(), wanted.days));
    let (_, pair) = made.map_err(|error| refused("the authority cannot be made", &error))?;
    write(context, &wanted.folder, AUTHORITY, &pair)
}
