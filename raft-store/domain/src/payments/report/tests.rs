use super::*;
use crate::machine::testing::{Machine, with};
use crate::orders::Status;
use crate::{drops, machine::testing::drop};

const CODE: &str = "card_declined";
const PLACE: &str = "https://example.com/3ds";

/// A machine whose order 1 has a payment in this stage.
fn in_stage(stage: Stage) -> Machine {
    let mut machine = Machine::with_drop(5);
    if stage == Stage::Creating {
        machine.place(1, 1, 1).expect("there are five");
        machine.pay(1, 1).expect("it is reserved");
        return machine;
    }
    machine.confirming(1, 1, 1);
    let results = match stage {
        Stage::Creating | Stage::Confirming => vec![],
        Stage::Acting => vec![ActionRequired { url: PLACE.into() }],
        Stage::Unknown => vec![Unknown],
        Stage::Cancelling | Stage::Abandoned => vec![Declined { code: CODE.into() }],
        Stage::Charged => vec![Succeeded],
        Stage::Closed => vec![Canceled],
    };
    for result in results {
        machine.report(1, result).expect("it is the latest");
    }
    if stage == Stage::Abandoned {
        machine.now.0 += with().give_up_ms;
        machine.tick();
    }
    assert_eq!(machine.payment(1).stage, stage);
    machine
}

use Outcome::*;

fn results() -> [Outcome; 9] {
    [
        Created { intent_id: "pi_2".into() },
        Succeeded,
        Declined { code: CODE.into() },
        ActionRequired { url: PLACE.into() },
        Processing,
        Unknown,
        Canceled,
        NotConfirmed,
        Refused { code: CODE.into() },
    ]
}

#[test]
fn every_result_leads_where_the_table_says() {
    use Stage::{Abandoned, Acting, Cancelling, Charged, Closed, Confirming, Creating};
    type Ends = [Stage; 9];
    // In the order of `results`.
    let table: [(Stage, Ends); 8] = [
        (Creating, [Confirming, Creating, Creating, Creating, Creating, Creating, Creating, Creating, Closed]),
        (
            Confirming,
            [Confirming, Charged, Cancelling, Acting, Stage::Unknown, Stage::Unknown, Closed, Confirming, Confirming],
        ),
        (Acting, [Acting, Charged, Cancelling, Acting, Stage::Unknown, Stage::Unknown, Closed, Confirming, Acting]),
        (
            Stage::Unknown,
            [
                Stage::Unknown,
                Charged,
                Cancelling,
                Acting,
                Stage::Unknown,
                Stage::Unknown,
                Closed,
                Confirming,
                Stage::Unknown,
            ],
        ),
        (Cancelling, [Cancelling, Charged, Cancelling, Cancelling, Cancelling, Cancelling, Closed, Cancelling, Closed]),
        (Abandoned, [Abandoned, Charged, Abandoned, Abandoned, Abandoned, Abandoned, Closed, Abandoned, Closed]),
        (Charged, [Charged; 9]),
        (Closed, [Closed; 9]),
    ];
    for (stage, ends) in table {
        for (result, end) in results().into_iter().zip(ends) {
            let mut machine = in_stage(stage);
            let before = machine.payment(1);
            let (_, after) = machine.report(1, result.clone()).expect("it is the latest");
            assert_eq!(after.stage, end, "{stage:?} and {result:?}");
            // Confirming or creating once more is another intent than before, though the stage is the same.
            let again = stage == Confirming && result == NotConfirmed || stage == Creating && result == Unknown;
            let intends = (end != stage || again) && !matches!(end, Charged | Closed);
            assert_eq!(after.attempt, before.attempt + u32::from(intends), "{stage:?} and {result:?}");
            if end == stage && !again {
                assert_eq!(after, before, "{stage:?} and {result:?}");
            }
        }
    }
}

#[test]
fn an_order_ends_as_its_payment_does() {
    for (stage, result, status, counts) in [
        (Stage::Creating, Refused { code: CODE.into() }, Status::Failed, (5, 0, 0)),
        (Stage::Confirming, Succeeded, Status::Confirmed, (4, 0, 1)),
        (Stage::Unknown, Canceled, Status::Failed, (5, 0, 0)),
        (Stage::Confirming, Declined { code: CODE.into() }, Status::Paying, (4, 1, 0)),
        (Stage::Cancelling, Canceled, Status::Failed, (5, 0, 0)),
        (Stage::Cancelling, Succeeded, Status::Confirmed, (4, 0, 1)),
        (Stage::Abandoned, Canceled, Status::Failed, (5, 0, 0)),
        (Stage::Abandoned, Succeeded, Status::Refunding, (5, 0, 0)),
    ] {
        let mut machine = in_stage(stage);
        let (order, _) = machine.report(1, result.clone()).expect("it is the latest");
        assert_eq!((order.status, machine.counts()), (status, counts), "{stage:?} and {result:?}");
    }
}

#[test]
fn a_result_of_an_earlier_attempt_is_stale() {
    let mut machine = in_stage(Stage::Unknown);
    let stale = Err(Rejection::Stale { attempt: 3 }.into());
    for attempt in [0, 1, 2, 4] {
        assert_eq!(machine.report_of(1, attempt, Declined { code: CODE.into() }), stale);
    }
    machine.place(2, 2, 1).expect("there are some left");
    assert_eq!(machine.report_of(2, 1, Succeeded), Err(Rejection::NotFound.into()), "nobody pays for it");
    assert_eq!(machine.report_of(3, 1, Succeeded), Err(Rejection::NotFound.into()));
}

#[test]
fn the_first_result_that_ends_a_payment_decides() {
    let mut machine = in_stage(Stage::Charged);
    for result in results() {
        machine.report(1, result).expect("it is the latest");
    }
    assert_eq!((machine.order(1).status, machine.counts()), (Status::Confirmed, (4, 0, 1)));
    assert_eq!(machine.told("Confirmed"), 1);
}

#[test]
fn a_buyer_who_is_sent_elsewhere_comes_back_to_the_same_attempt() {
    let mut machine = in_stage(Stage::Acting);
    let (_, elsewhere) = machine.report(1, ActionRequired { url: format!("{PLACE}/2") }).expect("it is the latest");
    assert_eq!((elsewhere.stage, elsewhere.attempt), (Stage::Acting, 4), "another place is news");
    let (_, paid) = machine.report(1, Succeeded).expect("it is the latest");
    assert_eq!((paid.stage, paid.next_action), (Stage::Charged, None));
}

#[test]
fn a_charge_that_came_before_the_cancelling_did_is_kept() {
    let mut machine = in_stage(Stage::Confirming);
    machine.cancel(1, 1).expect("it is paying");
    let (order, payment) = machine.report(1, Succeeded).expect("it is the latest");
    assert_eq!((order.status, payment.end), (Status::Confirmed, None), "nothing is called off any more");
    assert!(!payment.needs_gateway());
}

#[test]
fn a_charge_after_the_units_went_back_goes_back_as_well_and_is_no_sale() {
    let mut machine = in_stage(Stage::Abandoned);
    let due = machine.told("Due");
    let (order, payment) = machine.report(1, Succeeded).expect("it is the latest");
    assert_eq!((order.status, payment.refund_asked()), (Status::Refunding, order.amount().amount));
    assert_eq!((machine.told("Due") - due, machine.told("Confirmed"), payment.needs_gateway()), (1, 0, true));
    let tally = orders::tally(&machine.view, drop(1).drop_id).expect("memory does not fail");
    assert_eq!((tally.confirmed_orders, tally.revenue, tally.failed_orders), (0, 0, 1));
}

#[test]
fn a_charge_for_a_drop_that_was_cancelled_goes_back_whoever_called_the_payment_off() {
    for cancelled_by_the_buyer in [false, true] {
        let mut machine = in_stage(Stage::Confirming);
        if cancelled_by_the_buyer {
            machine.cancel(1, 1).expect("it is paying");
        }
        let steer = drops::Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
        machine.run(drops::Command::Cancel(steer)).expect("it is live");
        machine.tick();
        let (order, payment) = machine.report(1, Succeeded).expect("it is the latest");
        assert_eq!((order.status, payment.refund_asked()), (Status::Refunding, order.amount().amount));
        assert!(payment.refunds[0].restock);
    }
}
