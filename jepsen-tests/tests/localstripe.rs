//! The server's client of Stripe's API against localstripe, somebody else's idea of that API. What localstripe gets
//! wrong (it knows no idempotency keys, and pays back more than was charged) is shown with the double instead. Then a
//! whole cluster with it for a gateway.

mod proofs;

use std::fs::File;
use std::net::{Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use livedrop_domain::{Currency, Money, OrderId};
use livedrop_jepsen::cluster::{Cluster, PATIENCE};
use livedrop_jepsen::scenario::money;
use livedrop_jepsen::wait::{self, Hopeless};
use livedrop_jepsen::workload::shop::Shop;
use livedrop_node::clock;
use livedrop_node::payments::gateway::{Charge, Gateway, RefundAsk, RefundState, State, Trouble};
use livedrop_node::payments::signature::{self, Refusal, Secrets, Told};
use livedrop_node::payments::stripe::{Settings, Stripe};
use proofs::proof;
use serde_json::Value;

const ORDER: OrderId = OrderId::from_u128(7);
const KEY: &str = "sk_test_of_this_test";
const SOON: Duration = Duration::from_secs(60);

/// Each of these with a localstripe of its own.
macro_rules! with_localstripe {
    ($($name:ident),+ $(,)?) => {
        vec![$(proof(stringify!($name), Localstripe::lacks(), async || $name(Localstripe::start().await).await)),+]
    };
}

fn main() -> ExitCode {
    proofs::run(with_localstripe![
        a_payment_is_made_confirmed_once_and_paid_back,
        a_payment_is_called_off_and_stays_so,
        a_card_is_declined,
        what_is_not_there_is_refused,
        a_buyer_authenticates_or_fails_to,
        its_webhooks_are_understood,
        a_cluster_is_paid_by_way_of_it,
    ])
}

/// A localstripe of its own for one test, gone with the value.
struct Localstripe {
    process: Child,
    url: String,
    client: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Localstripe {
    /// Why it cannot run here, if it cannot.
    fn lacks() -> Option<String> {
        let program = program();
        if !program.exists() {
            return Some(format!("{} is not there; `.ci/set-up stripe` installs it", program.display()));
        }
        // It listens on version 6 of the internet protocol and no other way.
        let has_version_6 = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok();
        (!has_version_6).then(|| "localstripe needs IPv6, and this machine has none".to_owned())
    }

    async fn start() -> Self {
        let program = program();
        // Somebody may take the port before it does.
        for _ in 0..2 {
            if let Ok(started) = Localstripe::try_to_start(&program).await {
                return started;
            }
        }
        Localstripe::try_to_start(&program).await.unwrap()
    }

    async fn try_to_start(program: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0))?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let mut command = Command::new(program);
        command.args(["--from-scratch", "--port", &port.to_string()]).env("TMPDIR", folder.path());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let (process, url) = (command.spawn()?, format!("http://127.0.0.1:{port}"));
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut started = Localstripe { process, url, client, folder };
        wait::until("localstripe to answer", SOON, async || match started.process.try_wait()? {
            Some(ended) => Err(Hopeless(format!("{ended}: {}", started.words())).into()),
            None => Ok(started.get("/v1/payment_intents").await?),
        })
        .await?;
        Ok(started)
    }

    /// What it said so far.
    fn words(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn stripe(&self) -> Stripe {
        Stripe::new(Settings::new(&self.url, KEY)).unwrap()
    }

    async fn get(&self, path: &str) -> reqwest::Result<Value> {
        let answer = self.client.get(format!("{}{path}", self.url)).bearer_auth(KEY).send().await?;
        answer.error_for_status()?.json().await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> String {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(KEY).form(form);
        request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }
}

impl Localstripe {
    /// A card whose bank wants to see its owner (3-D Secure).
    async fn asking_card(&self) -> String {
        let form = [
            ("type", "card"),
            ("card[number]", "4000002500003155"),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2050"),
            ("card[cvc]", "123"),
        ];
        let method: Value = serde_json::from_str(&self.post("/v1/payment_methods", &form).await).unwrap();
        method["id"].as_str().unwrap().to_owned()
    }

    /// What the script in the buyer's browser does when their bank says yes ("true") or no.
    async fn authenticate(&self, id: &str, success: &str) {
        let shown = self.get(&format!("/v1/payment_intents/{id}")).await.unwrap();
        let form = [("client_secret", shown["client_secret"].as_str().unwrap()), ("success", success)];
        self.post(&format!("/v1/payment_intents/{id}/_authenticate"), &form).await;
    }

    /// The payment that was made for an order.
    async fn intent_of(&self, order: &str) -> Option<String> {
        let list = self.get("/v1/payment_intents").await.ok()?;
        let mut intents = list["data"].as_array()?.iter();
        let found = intents.find(|intent| intent["metadata"]["order_id"] == order)?;
        found["id"].as_str().map(str::to_owned)
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        // Both calls fail only for a child that is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    cache.unwrap_or_default().join("livedrop/tools/localstripe/bin/localstripe")
}

fn charge(method: &str) -> Charge {
    let amount = Money { amount: 4_999, currency: Currency::EUR };
    Charge { order_id: ORDER, amount, method: method.to_owned() }
}

async fn create(stripe: &Stripe, charge: &Charge) -> String {
    let made = stripe.create("create", charge).await.unwrap();
    assert_eq!((made.order_id, made.state), (Some(ORDER), State::NotConfirmed));
    made.id
}

async fn a_payment_is_made_confirmed_once_and_paid_back(localstripe: Localstripe) {
    let (stripe, card) = (localstripe.stripe(), charge("pm_card_visa"));
    let id = create(&stripe, &card).await;
    for key in ["confirm-1", "confirm-2"] {
        assert_eq!(stripe.confirm(key, &id, &card).await.unwrap().state, State::Succeeded);
    }
    assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().order_id, Some(ORDER));
    assert_eq!(stripe.cancel("cancel", &id, &charge("pm_card_visa")).await.unwrap().state, State::Succeeded);
    let charges = localstripe.get("/v1/charges").await.unwrap();
    assert_eq!(charges["data"].as_array().unwrap().len(), 1, "a second confirmation charges nothing");

    let ask = RefundAsk { order_id: ORDER, number: 2, attempt: 1, amount: 500 };
    assert_eq!(stripe.refund("refund", &id, &ask).await.unwrap().state, RefundState::Done);
    let refunds = stripe.refunds(&id).await.unwrap();
    assert_eq!((refunds.len(), refunds[0].number, refunds[0].amount), (1, Some(2), 500));
}

async fn a_payment_is_called_off_and_stays_so(localstripe: Localstripe) {
    let (stripe, card) = (localstripe.stripe(), charge("pm_card_visa"));
    let id = create(&stripe, &card).await;
    for key in ["cancel-1", "cancel-2"] {
        assert_eq!(stripe.cancel(key, &id, &charge("pm_card_visa")).await.unwrap().state, State::Canceled);
    }
    assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, State::Canceled);
}

async fn a_card_is_declined(localstripe: Localstripe) {
    let (stripe, card) = (localstripe.stripe(), charge("pm_card_chargeCustomerFail"));
    let id = create(&stripe, &card).await;
    let declined = State::Declined { code: "card_declined".to_owned() };
    for key in ["confirm-1", "confirm-2"] {
        assert_eq!(stripe.confirm(key, &id, &card).await.unwrap().state, declined);
    }
    assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, declined);
    assert_eq!(stripe.cancel("cancel", &id, &charge("pm_card_visa")).await.unwrap().state, State::Canceled);
}

async fn what_is_not_there_is_refused(localstripe: Localstripe) {
    let stripe = localstripe.stripe();
    assert!(matches!(stripe.retrieve("pi_unknown", &charge("pm_card_visa")).await, Err(Trouble::Refused { .. })));
    assert!(matches!(
        stripe.cancel("cancel", "pi_unknown", &charge("pm_card_visa")).await,
        Err(Trouble::Refused { .. })
    ));
    let missing = stripe.create("create", &charge("pm_unknown")).await;
    assert!(matches!(missing, Err(Trouble::Refused { .. })), "{missing:?}");
    let stranger = Stripe::new(Settings::new(&localstripe.url, "nonsense")).unwrap();
    assert!(matches!(stranger.retrieve("pi_unknown", &charge("pm_card_visa")).await, Err(Trouble::Unavailable(_))));
}

async fn a_buyer_authenticates_or_fails_to(localstripe: Localstripe) {
    let stripe = localstripe.stripe();
    for (success, state) in [
        ("true", State::Succeeded),
        ("false", State::Declined { code: "payment_intent_authentication_failure".to_owned() }),
    ] {
        let card = charge(&localstripe.asking_card().await);
        let id = create(&stripe, &card).await;
        // It expects Stripe's script in the buyer's browser, so there is nowhere to go.
        let action = State::ActionRequired { url: String::new() };
        assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, action);
        assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, action);
        localstripe.authenticate(&id, success).await;
        assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, state);
    }
}

type Heard = Arc<Mutex<Vec<Result<Option<Told>, Refusal>>>>;

async fn its_webhooks_are_understood(localstripe: Localstripe) {
    async fn hear(Shared(heard): Shared<Heard>, headers: HeaderMap, body: String) {
        let header = headers["stripe-signature"].to_str().unwrap();
        let secrets = Secrets::new(["whsec_new", "whsec_of_this_test"]);
        heard.lock().unwrap().push(signature::verify(header, body.as_bytes(), &secrets, clock::now()));
    }
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().fallback(hear).with_state(heard.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    localstripe.post("/_config/webhooks/one", &[("url", &url), ("secret", "whsec_of_this_test")]).await;

    let stripe = localstripe.stripe();
    let mut expected = Vec::new();
    for (method, kind) in
        [("pm_card_visa", "payment_intent.succeeded"), ("pm_card_chargeCustomerFail", "payment_intent.payment_failed")]
    {
        let card = charge(method);
        let id = create(&stripe, &card).await;
        stripe.confirm("confirm", &id, &card).await.unwrap();
        expected.push((kind.to_owned(), id, Some(ORDER)));
    }
    let told = wait::until("two webhooks", SOON, async || {
        let heard: Vec<Told> = heard.lock().unwrap().iter().filter_map(|told| told.clone().unwrap()).collect();
        if heard.len() < 2 { anyhow::bail!("{heard:?}") } else { Ok(heard) }
    })
    .await
    .unwrap();
    let mut told: Vec<_> = told.into_iter().map(|told| (told.kind, told.object_id, told.order_id)).collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

async fn a_cluster_is_paid_by_way_of_it(localstripe: Localstripe) {
    let folder = tempfile::tempdir().unwrap();
    let options = money::options(&localstripe.url, folder.path()).unwrap();
    Cluster::with(options, async |cluster: &mut Cluster| sell(cluster, &localstripe).await).await.unwrap();
}

/// Sells once in each way in which a payment can go.
async fn sell(cluster: &mut Cluster, localstripe: &Localstripe) -> anyhow::Result<()> {
    let shop = Shop::open(cluster, 1, 1).await?;
    let drop_id = shop.open_short_drop(10, 60).await?;
    let url = format!("{}/v1/webhooks/stripe", cluster.url(2));
    localstripe.post("/_config/webhooks/shop", &[("url", &url), ("secret", money::SECRET)]).await;
    let buy = async |key: &str, method: &str| -> anyhow::Result<String> {
        let order = shop.order(&drop_id, 0, key, Some(method)).await?;
        order.ok_or_else(|| anyhow::anyhow!("there are units"))
    };
    let ends = async |order: &str, status: &str| -> anyhow::Result<()> {
        let seen = shop.settled(order, 0, PATIENCE).await?;
        anyhow::ensure!(seen.status == status, "{order} is {}, and should be {status}", seen.status);
        Ok(())
    };
    let waits_for_buyer = async |order: &str| {
        wait::until("the buyer to be asked", PATIENCE, async || {
            let seen = shop.seen(order, 0).await?;
            anyhow::ensure!(seen["payment"]["status"] == "requires_action", "it is {}", seen["payment"]);
            localstripe.intent_of(order).await.ok_or_else(|| anyhow::anyhow!("it has no payment for {order}"))
        })
        .await
    };
    let paid = buy("paid", "pm_card_visa").await?;
    ends(&paid, "confirmed").await?;
    ends(&buy("declined", "pm_card_chargeCustomerFail").await?, "failed").await?;
    let seen = buy("seen", &localstripe.asking_card().await).await?;
    localstripe.authenticate(&waits_for_buyer(&seen).await?, "true").await;
    ends(&seen, "confirmed").await?;
    let cancelled = buy("cancelled", &localstripe.asking_card().await).await?;
    let intent = waits_for_buyer(&cancelled).await?;
    shop.cancel(&cancelled, 0).await?;
    ends(&cancelled, "cancelled").await?;
    let there = localstripe.get(&format!("/v1/payment_intents/{intent}")).await?;
    anyhow::ensure!(there["status"] == "canceled", "nobody can pay it any more: {there}");
    shop.refund(&paid, "part", Some(999), false).await?;
    shop.refund(&paid, "rest", None, true).await?;
    ends(&paid, "refunded").await?;
    let intent = localstripe.intent_of(&paid).await.unwrap_or_default();
    let refunds = localstripe.get(&format!("/v1/refunds?payment_intent={intent}")).await?;
    let amounts: Vec<Value> =
        refunds["data"].as_array().into_iter().flatten().map(|refund| refund["amount"].clone()).collect();
    anyhow::ensure!(amounts.iter().filter_map(Value::as_u64).sum::<u64>() == 4_999, "{amounts:?} went back");
    Ok(())
}
