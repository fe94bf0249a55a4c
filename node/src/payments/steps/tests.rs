use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use livedrop_domain::payments::{End, Gateway as Kind};
use livedrop_domain::{Currency, Money, OrderId, Timestamp};

use super::gateway::Refund as Listed;
use super::*;

/// What a gateway says next, whatever it is asked for.
#[derive(Clone)]
enum Says {
    Intent(State),
    Refund(RefundState),
    Refunds(Vec<Listed>),
    Trouble(Trouble),
}

/// Says what it is told to, and remembers what it was asked.
struct Scripted {
    script: Mutex<VecDeque<Says>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn says(script: impl Into<VecDeque<Says>>) -> Self {
        Scripted { script: Mutex::new(script.into()), asked: Mutex::default() }
    }

    fn next(&self, asked: String) -> Says {
        self.asked.lock().unwrap().push(asked);
        self.script.lock().unwrap().pop_front().expect("nobody asks more than the script has")
    }

    fn intent(&self, asked: String) -> BoxFuture<'_, Result<Intent, Trouble>> {
        let said = match self.next(asked) {
            Says::Intent(state) => Ok(Intent { id: "pi_1".into(), order_id: None, state }),
            Says::Trouble(trouble) => Err(trouble),
            Says::Refund(_) | Says::Refunds(_) => panic!("it was asked about a payment"),
        };
        Box::pin(async { said })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Gateway for Scripted {
    fn create<'a>(&'a self, key: &'a str, _: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        self.intent(format!("create {key}"))
    }

    fn confirm<'a>(&'a self, key: &'a str, _: &'a str, _: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        self.intent(format!("confirm {key}"))
    }

    fn cancel<'a>(&'a self, key: &'a str, _: &'a str, _: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        self.intent(format!("cancel {key}"))
    }

    fn retrieve<'a>(&'a self, _: &'a str, _: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        self.intent("retrieve".into())
    }

    fn refund<'a>(&'a self, key: &'a str, _: &'a str, ask: &'a RefundAsk) -> BoxFuture<'a, Result<Listed, Trouble>> {
        let said = match self.next(format!("refund {key}")) {
            Says::Refund(state) => Ok(listed(ask.number, ask.attempt, ask.amount, state)),
            Says::Trouble(trouble) => Err(trouble),
            Says::Intent(_) | Says::Refunds(_) => panic!("it was asked for a refund"),
        };
        Box::pin(async { said })
    }

    fn refunds<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Listed>, Trouble>> {
        let Says::Refunds(all) = self.next("refunds".into()) else { panic!("it was asked for a list") };
        Box::pin(async { Ok(all) })
    }
}

fn listed(number: u32, attempt: u32, amount: u64, state: RefundState) -> Listed {
    Listed { id: format!("re_{number}_{attempt}"), number: Some(number), attempt: Some(attempt), amount, state }
}

fn payment(stage: Stage) -> Payment {
    Payment {
        order_id: OrderId::from_u128(1),
        gateway: Kind::Stripe,
        method: "pm_card_visa".into(),
        amount: Money { amount: 500, currency: Currency::EUR },
        stage,
        attempt: 3,
        intent_id: Some("pi_1".into()),
        started_at: Timestamp(1),
        give_up_ms: 1,
        give_up_at: None,
        end: matches!(stage, Stage::Cancelling | Stage::Abandoned).then_some(End::Expired),
        declined: None,
        next_action: None,
        refunds: vec![],
        version: 1,
    }
}

fn refunding(attempt: u32) -> Payment {
    let requested_at = Timestamp(2);
    let refund =
        Refund { number: 1, amount: 500, restock: false, attempt, requested_at, refund_id: None, done_at: None };
    Payment { refunds: vec![refund], ..payment(Stage::Charged) }
}

fn reported(step: Step) -> Outcome {
    match step {
        Step::Report(Command::Report(report)) | Step::ReportAndWait(Command::Report(report), _) => report.result,
        other => panic!("nothing is reported: {other:?}"),
    }
}

fn refund_reported(step: Step) -> RefundOutcome {
    match step {
        Step::Report(Command::ReportRefund(report)) | Step::ReportAndWait(Command::ReportRefund(report), _) => {
            report.result
        }
        other => panic!("nothing is reported: {other:?}"),
    }
}

#[tokio::test]
async fn whoever_did_not_put_the_intent_in_the_log_asks_before_it_confirms() {
    let succeeded = Scripted::says([Says::Intent(State::Succeeded)]);
    assert_eq!(reported(next(&succeeded, &payment(Stage::Confirming), false).await), Outcome::Succeeded);
    let waits = Scripted::says([Says::Intent(State::NotConfirmed), Says::Intent(State::Succeeded)]);
    assert_eq!(reported(next(&waits, &payment(Stage::Confirming), false).await), Outcome::Succeeded);
    let order = OrderId::from_u128(1);
    assert_eq!(waits.asked(), ["retrieve".to_owned(), format!("confirm ld:{order}:confirm:3")]);
}

#[tokio::test]
async fn what_nobody_knows_is_never_called_declined() {
    for stage in [Stage::Creating, Stage::Confirming] {
        let lost = Scripted::says([Says::Trouble(Trouble::Unknown("no answer".into()))]);
        assert_eq!(reported(next(&lost, &payment(stage), true).await), Outcome::Unknown, "{stage:?}");
        let away = Scripted::says([Says::Trouble(Trouble::Unavailable("refused".into()))]);
        assert!(matches!(next(&away, &payment(stage), true).await, Step::Later), "{stage:?}");
    }
}

#[tokio::test]
async fn a_payment_is_looked_at_before_it_is_called_off_each_time_under_another_key() {
    let busy = Scripted::says([Says::Intent(State::Processing)]);
    assert!(matches!(next(&busy, &payment(Stage::Cancelling), true).await, Step::Later));
    let done = Scripted::says([Says::Intent(State::Succeeded)]);
    assert_eq!(reported(next(&done, &payment(Stage::Abandoned), true).await), Outcome::Succeeded);
    let trouble = Says::Trouble(Trouble::Unknown("500".into()));
    let waits = || Says::Intent(State::ActionRequired { url: String::new() });
    let broken = Scripted::says([waits(), trouble, waits(), Says::Intent(State::Canceled)]);
    assert!(matches!(next(&broken, &payment(Stage::Cancelling), false).await, Step::Later));
    assert_eq!(reported(next(&broken, &payment(Stage::Cancelling), false).await), Outcome::Canceled);
    let asked = broken.asked();
    assert_ne!(asked[1], asked[3], "the answer to the first key is remembered trouble");
}

#[tokio::test]
async fn a_refund_that_was_accepted_and_failed_later_is_tried_anew() {
    let pending = Scripted::says([Says::Refunds(vec![]), Says::Refund(RefundState::Pending)]);
    assert!(matches!(next(&pending, &refunding(1), true).await, Step::Later));
    let failed = || RefundState::Failed { code: "expired_card".into() };
    let later = Scripted::says([Says::Refunds(vec![listed(1, 1, 500, failed())])]);
    let code = "expired_card".to_owned();
    assert_eq!(refund_reported(next(&later, &refunding(1), false).await), RefundOutcome::Failed { code });
    let again = Scripted::says([Says::Refunds(vec![listed(1, 1, 500, failed())]), Says::Refund(RefundState::Done)]);
    let refund_id = "re_1_2".to_owned();
    assert_eq!(refund_reported(next(&again, &refunding(2), false).await), RefundOutcome::Done { refund_id });
    assert_eq!(again.asked()[1], format!("refund ld:{}:refund:1:2", OrderId::from_u128(1)));
}

#[tokio::test]
async fn a_refund_is_looked_for_also_by_whoever_has_just_told_the_log_of_the_one_before() {
    let mut payment = refunding(1);
    payment.refunds[0].done_at = Some(Timestamp(3));
    payment.refunds.push(Refund { number: 2, amount: 100, done_at: None, ..payment.refunds[0].clone() });
    let gateway = Scripted::says([Says::Refunds(vec![listed(2, 1, 100, RefundState::Done)])]);
    let refund_id = "re_2_1".to_owned();
    assert_eq!(refund_reported(next(&gateway, &payment, true).await), RefundOutcome::Done { refund_id });
    assert_eq!(gateway.asked(), ["refunds"], "another leader may have asked for it, longer ago than keys are kept");
}

#[tokio::test]
async fn a_refund_of_another_amount_is_not_the_one_that_was_asked_for() {
    let other =
        Scripted::says([Says::Refunds(vec![listed(1, 1, 1, RefundState::Done)]), Says::Refund(RefundState::Done)]);
    let refund_id = "re_1_1".to_owned();
    assert_eq!(refund_reported(next(&other, &refunding(1), false).await), RefundOutcome::Done { refund_id });
    assert_eq!(other.asked().len(), 2, "it is asked for");
}

#[tokio::test]
async fn money_that_went_back_past_the_shop_is_not_sent_a_second_time() {
    let by_hand = Listed { number: None, attempt: None, ..listed(0, 0, 500, RefundState::Done) };
    let refused = || Says::Trouble(Trouble::Refused { code: "charge_already_refunded".into() });
    let gateway = Scripted::says([Says::Refunds(vec![]), refused(), Says::Refunds(vec![by_hand])]);
    let refund_id = "re_0_0".to_owned();
    assert_eq!(refund_reported(next(&gateway, &refunding(1), true).await), RefundOutcome::Done { refund_id });
    let gateway = Scripted::says([Says::Refunds(vec![]), refused(), Says::Refunds(vec![])]);
    match next(&gateway, &refunding(9), true).await {
        Step::ReportAndWait(_, rest) => assert_eq!(rest, Duration::from_secs(512), "it is asked less and less often"),
        other => panic!("it is not tried again: {other:?}"),
    }
}
