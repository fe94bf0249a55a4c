//! `waitlist`

use clap::{Args, Subcommand};
use livedrop_proto::rest::waitlist::{JoinWaitlist, WaitlistPlace, WaitlistStatus};

use super::context::Context;
use super::trouble::{Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Takes a place in line for what is sold out, or keeps it
    Join(Join),
    /// Gives the place up; an offer stays, and is cancelled as the order that it is
    Leave { drop: String },
    /// Shows the own place, or the offer that it came to
    Show { drop: String },
}

#[derive(Debug, Args)]
pub struct Join {
    drop: String,
    /// Which variant; may be left out when there is one
    #[arg(long)]
    sku: Option<String>,
    /// The most units that are wanted
    #[arg(long, default_value_t = 1)]
    quantity: u32,
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Join(Join { drop, sku, quantity }) => {
            let (what, wanted) =
                (format!("no place in the line of {drop}"), JoinWaitlist { sku, quantity: Some(quantity) });
            let place = context.signed_in(&what, async |client| client.join_waitlist(&drop, &wanted).await).await?;
            show(context, &place)?;
        }
        Command::Leave { drop } => {
            let what = format!("the line of {drop} cannot be left");
            context.signed_in(&what, async |client| client.leave_waitlist(&drop).await).await?;
        }
        Command::Show { drop } => {
            let what = format!("the place in the line of {drop} cannot be shown");
            let place = context.signed_in(&what, async |client| client.waitlist_place(&drop).await).await?;
            let nothing = || {
                let why = "you are not in line, and no offer is open".to_owned();
                Stop::trouble(Exit::NotFound, &what, why, "`livedropctl waitlist join` takes a place")
            };
            show(context, &place.ok_or_else(nothing)?)?;
        }
    }
    Ok(Exit::Ok)
}

fn show(context: &Context, place: &WaitlistPlace) -> Result<(), Stop> {
    let mut fields = vec![
        ("drop", place.drop_id.clone()),
        ("sku", place.sku.clone()),
        ("units", place.quantity.to_string()),
        ("status", status_word(place.status).to_owned()),
    ];
    if place.status == WaitlistStatus::Waiting {
        let exact = place.position.map(|position| position.to_string());
        let position = exact.or_else(|| place.position_at_least.map(|position| format!("{position} or more")));
        fields.extend(position.map(|position| ("position", position)));
    }
    fields.extend(place.order_id.clone().map(|id| ("order", id)));
    fields.extend(place.offer_expires_at.clone().map(|at| ("pay before", at)));
    Ok(context.output.record(place, fields)?)
}

fn status_word(status: WaitlistStatus) -> &'static str {
    match status {
        WaitlistStatus::Waiting => "waiting",
        WaitlistStatus::Offered => "offered",
    }
}
