//! The leader is killed after each step of a payment, while the step's call is at the gateway's counter: before it was
//! done, or after it was and before the answer came. Whoever leads next brings the order to its end.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Report;
use super::money::{END_WITHIN, judge, tell};
use crate::checker::charged_once::OrderSeen;
use crate::cluster::{Cluster, PATIENCE};
use crate::gateway::meeting::Meeting;
use crate::gateway::plan::{Fault, Operation};
use crate::gateway::{Gateway, Line};
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

/// When the leader is killed, and how the order must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Reserved,
    CreateAsked,
    CreateDone,
    ConfirmAsked,
    ConfirmDone,
    DeclineDone,
    CancelAsked,
    CancelDone,
    GivenUp,
    RefundAsked,
    RefundDone,
}

const STEPS: [Step; 11] = [
    Step::Reserved,
    Step::CreateAsked,
    Step::CreateDone,
    Step::ConfirmAsked,
    Step::ConfirmDone,
    Step::DeclineDone,
    Step::CancelAsked,
    Step::CancelDone,
    Step::GivenUp,
    Step::RefundAsked,
    Step::RefundDone,
];

impl Step {
    fn method(self) -> Option<&'static str> {
        match self {
            Step::Reserved => None,
            Step::DeclineDone => Some("pm_card_chargeCustomerFail"),
            Step::CancelAsked | Step::CancelDone => Some("pm_card_authenticationRequired"),
            _ => Some("pm_card_visa"),
        }
    }

    /// The call at which the leader is killed, and whether it is done by then.
    fn call(self) -> Option<(Operation, bool)> {
        match self {
            Step::Reserved | Step::GivenUp => None,
            Step::CreateAsked => Some((Operation::Create, false)),
            Step::CreateDone => Some((Operation::Create, true)),
            Step::ConfirmAsked => Some((Operation::Confirm, false)),
            Step::ConfirmDone | Step::DeclineDone => Some((Operation::Confirm, true)),
            Step::CancelAsked => Some((Operation::Cancel, false)),
            Step::CancelDone => Some((Operation::Cancel, true)),
            Step::RefundAsked => Some((Operation::Refund, false)),
            Step::RefundDone => Some((Operation::Refund, true)),
        }
    }

    fn end(self) -> &'static str {
        match self {
            Step::Reserved => "expired",
            Step::DeclineDone => "failed",
            Step::CancelAsked | Step::CancelDone => "cancelled",
            // The units had gone back when the charge was seen.
            Step::GivenUp | Step::RefundAsked | Step::RefundDone => "refunded",
            Step::CreateAsked | Step::CreateDone | Step::ConfirmAsked | Step::ConfirmDone => "confirmed",
        }
    }
}

/// Kills the leader `times` times after each step.
pub async fn run(cluster: &mut Cluster, gateway: &Gateway, seed: &Seed, times: usize) -> Result<Report> {
    let mut report = Report::titled(&format!("the leader killed {times} times after each of {} steps", STEPS.len()));
    let shop = Shop::open(cluster, seed.value(), 1).await?;
    let drop_id = shop.open_short_drop(1_000, 5).await?;
    let mut seen = Vec::new();
    for step in STEPS {
        // A webhook would say at once what nobody is to know yet.
        tell(gateway, &shop, seed, step != Step::GivenUp);
        let mut ends = Vec::new();
        for time in 0..times {
            let began = std::time::Instant::now();
            let order = one(cluster, gateway, &shop, &drop_id, step, time).await;
            seen.push(order.with_context(|| format!("killed at {step:?}, time {time}"))?);
            ends.push(began.elapsed());
        }
        report.say_durations(&format!("{step:?}: each ended {}", step.end()), &ends);
    }
    judge(cluster, gateway, &shop, &drop_id, &seen, &mut report).await?;
    Ok(report)
}

async fn one(
    cluster: &mut Cluster,
    gateway: &Gateway,
    shop: &Shop,
    drop_id: &str,
    step: Step,
    time: usize,
) -> Result<OrderSeen> {
    let key = format!("{step:?}-{time}");
    let meeting = Meeting::default();
    if let Some((operation, done)) = step.call() {
        let fault = if done { Fault::MetAfter(meeting.clone()) } else { Fault::MetBefore(meeting.clone()) };
        gateway.plan(|plan| plan.next(operation, fault));
    }
    if step == Step::GivenUp {
        gateway.plan(|plan| plan.next(Operation::Confirm, Fault::TimeoutAfter));
    }
    let order = shop.order(drop_id, 0, &key, step.method()).await?.context("there are units")?;
    match step {
        Step::Reserved => {}
        Step::CancelAsked | Step::CancelDone => {
            waits_for_buyer(shop, &order).await?;
            shop.cancel(&order, 0).await?;
            meeting.arrived(PATIENCE).await?;
        }
        Step::RefundAsked | Step::RefundDone => {
            shop.settled(&order, 0, END_WITHIN).await?;
            shop.refund(&order, &key, None, true).await?;
            meeting.arrived(PATIENCE).await?;
        }
        Step::GivenUp => given_up(gateway, shop, &order).await?,
        _ => meeting.arrived(PATIENCE).await?,
    }
    let leader = cluster.wait_leader(PATIENCE).await?;
    cluster.kill(leader)?;
    // What the dead leader asked for is done all the same, now that it is too late for it to hear.
    meeting.release();
    gateway.set_line(Line::Up).await;
    let end = shop.settled(&order, 0, END_WITHIN).await;
    cluster.start(leader)?;
    cluster.wait_ready(PATIENCE).await?;
    let seen = end?;
    ensure!(seen.status == step.end(), "{order} is {}, and should be {}", seen.status, step.end());
    Ok(seen)
}

async fn waits_for_buyer(shop: &Shop, order: &str) -> Result<()> {
    wait::until("the buyer to be asked", PATIENCE, async || {
        let seen = shop.seen(order, 0).await?;
        ensure!(seen["payment"]["status"] == "requires_action", "it is {}", seen["payment"]);
        Ok(())
    })
    .await
}

/// The money is taken, nobody hears of it, and the gateway is gone until the units went back.
async fn given_up(gateway: &Gateway, shop: &Shop, order: &str) -> Result<()> {
    wait::until("the money to be taken", PATIENCE, async || {
        ensure!(gateway.statuses(order).contains(&"succeeded"), "it is {:?}", gateway.statuses(order));
        Ok(())
    })
    .await?;
    gateway.set_line(Line::Refusing).await;
    wait::until("the units to go back", PATIENCE + Duration::from_secs(10), async || {
        let seen = shop.seen(order, 0).await?;
        ensure!(seen["status"] == "expired", "it is {}", seen["status"]);
        Ok(())
    })
    .await
}
