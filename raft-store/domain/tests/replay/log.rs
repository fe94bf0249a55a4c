//! A log: entries of requests, each with its index and its time.

use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::{Command, Request, Timestamp, accounts, cdn, codec, drops, products, webhooks};

use crate::aim::aim;
use crate::commands::AS_SEEN;
use crate::history::{Asked, Proposal};
use crate::replica::Replica;

/// When the first entry is proposed.
const START: Timestamp = Timestamp(1_000_000_000);

/// A log entry with commands.
#[derive(Debug, Clone)]
pub struct Logged {
    pub index: u64,
    pub proposed_at: Timestamp,
    pub requests: Vec<Asked>,
}

impl Logged {
    pub fn payload(&self) -> Vec<u8> {
        let mut batch = BatchBuilder::new();
        for Asked { idempotency, command } in &self.requests {
            let (idempotency, command) = (idempotency.clone(), command.clone());
            batch.push(&codec::encode(&Request { request_id: "replay".into(), idempotency, command, by: None }));
        }
        batch.finish(self.proposed_at)
    }
}

/// Writes a history down as a leader would: with log indices, and what callers know when they ask.
pub fn log_of(history: Vec<Proposal>) -> Vec<Logged> {
    let (mut replica, mut index, mut proposed_at) = (Replica::default(), 0, START);
    let mut log = Vec::new();
    for Proposal { later_ms, blank, mut requests } in history {
        index += 1 + blank;
        proposed_at = Timestamp(proposed_at.0.saturating_add_signed(later_ms));
        for asked in &mut requests {
            fill_in(&replica, proposed_at, &mut asked.command);
        }
        let entry = Logged { index, proposed_at, requests };
        replica.apply(std::slice::from_ref(&entry));
        log.push(entry);
    }
    log
}

fn fill_in(replica: &Replica, now: Timestamp, command: &mut Command) {
    match command {
        Command::Products(products::Command::Edit(edit)) if edit.expected_version == AS_SEEN => {
            let product = products::get(&replica.view, edit.product_id).expect("memory does not fail");
            edit.expected_version = product.map_or(AS_SEEN, |product| product.version);
        }
        Command::Drops(drops::Command::Schedule(schedule)) => {
            schedule.starts_at = schedule.starts_at.map(|at| now.after_ms(at.0));
            schedule.ends_at = schedule.ends_at.map(|at| now.after_ms(at.0));
        }
        Command::Drops(drops::Command::Edit(edit)) => {
            edit.starts_at = edit.starts_at.map(|at| now.after_ms(at.0));
            edit.ends_at = edit.ends_at.map(|at| now.after_ms(at.0));
            if edit.expected_version == Some(AS_SEEN) {
                let drop = drops::get(&replica.view, edit.drop_id).expect("memory does not fail");
                edit.expected_version = drop.map(|drop| drop.version);
            }
        }
        Command::Accounts(accounts::Command::SignIn(accounts::SignIn { account_id, era, .. }))
        | Command::Accounts(accounts::Command::ChangePassword(accounts::ChangePassword {
            account_id,
            checked: Some(accounts::Checked { era }),
            ..
        })) if *era == Some(AS_SEEN) => {
            let account = accounts::get(&replica.view, *account_id).expect("memory does not fail");
            *era = account.and_then(|account| account.era);
        }
        Command::Payments(command) => aim(replica, command),
        Command::Webhooks(command) => fill_in_positions(replica, command),
        Command::Cdn(cdn::Command::Told(told)) if told.from == AS_SEEN => {
            told.from = cdn::cursor(&replica.view).expect("memory does not fail").through;
            told.through += told.from;
        }
        _ => {}
    }
}

/// Events are enqueued from after the cursor on, and the newest deliveries are tried.
fn fill_in_positions(replica: &Replica, command: &mut webhooks::Command) {
    let drawn = |endpoint_id, index: u64| {
        let newest = webhooks::deliveries(&replica.view, endpoint_id, None, 1 + index as usize);
        newest.expect("memory does not fail").pop()
    };
    match command {
        webhooks::Command::Enqueue(enqueue) if enqueue.from == AS_SEEN => {
            let cursor = webhooks::cursor(&replica.view).expect("memory does not fail");
            enqueue.from = cursor;
            enqueue.through += cursor;
            enqueue.deliveries.iter_mut().for_each(|delivery| delivery.index += cursor);
        }
        webhooks::Command::Attempted(attempted) => {
            if let Some((position, delivery)) = drawn(attempted.endpoint_id, attempted.index) {
                (attempted.index, attempted.ordinal) = position;
                if u64::from(attempted.attempt) == AS_SEEN {
                    attempted.attempt = delivery.attempt;
                }
            }
        }
        webhooks::Command::Resend(resend) => {
            if let Some((position, _)) = drawn(resend.endpoint_id, resend.index) {
                (resend.index, resend.ordinal) = position;
            }
        }
        _ => {}
    }
}

/// Cuts a log into entries anew: at most so many requests each, over and over, none with those of another time.
pub fn cut_anew(log: &[Logged], sizes: &[usize]) -> Vec<Logged> {
    let mut sizes = sizes.iter().copied().cycle();
    let mut anew: Vec<Logged> = Vec::new();
    let mut room = 0;
    for entry in log {
        for asked in &entry.requests {
            match anew.last_mut() {
                Some(last) if room > 0 && last.proposed_at == entry.proposed_at => last.requests.push(asked.clone()),
                _ => {
                    room = sizes.next().expect("a cycle does not end");
                    let (index, proposed_at) = (anew.len() as u64 + 1, entry.proposed_at);
                    anew.push(Logged { index, proposed_at, requests: vec![asked.clone()] });
                }
            }
            room -= 1;
        }
    }
    anew
}
