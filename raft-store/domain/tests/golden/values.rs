//! One value of everything, with every field written out: a new field does not compile until it has a value here.

use livedrop_domain::accounts::{
    self, Account, AddSigningKey, ChangePassword, Checked, Disable, Enable, Refresh, RevokeSigningKey, Role,
    RotateSigningKey, Session, SetRole, SignIn, SignOut, SignOutEverywhere, SigningKey,
};
use livedrop_domain::audit::{Action, Actor, Head, Record};
use livedrop_domain::clock::{Tick, Ticked};
use livedrop_domain::drops::{self, Drop, Item, NewItem, Phase, Restock, Schedule, Steer, Stock};
use livedrop_domain::journal::Meta;
use livedrop_domain::members::{self, Member};
use livedrop_domain::orders::{self, Order, Place, Told};
use livedrop_domain::products::{self, Create, Product, Retire};
use livedrop_domain::{
    AccountId, Command, Currency, DropId, Event, Idempotency, Money, OrderId, Outcome, ProductId, Rejection, Reply,
    Request, SessionId, Timestamp, payments,
};

use crate::{follows, money};

pub const NOW: Timestamp = Timestamp(1_790_000_000_000);
pub const CREATOR: AccountId = AccountId::from_u128(0x01a1);
pub const BUYER: AccountId = AccountId::from_u128(0x01a2);
pub const PRODUCT: ProductId = ProductId::from_u128(0x02b1);
pub const DROP: DropId = DropId::from_u128(0x03c1);
pub const ORDER: OrderId = OrderId::from_u128(0x04d1);
pub const SESSION: SessionId = SessionId::from_u128(0x05e1);
const PRICE: Money = Money { amount: 4_999, currency: Currency::EUR };
pub const VERSION: u64 = 1_284;

pub fn commands() -> Vec<Command> {
    let mut commands = vec![
        Command::Clock(Tick::of(1_000)),
        members::Command::Register(members::Register { node_id: 3, incarnation: [0x33; 16], secret: None }).into(),
        members::Command::LeaveBehind(members::LeaveBehind { node_ids: vec![2, 3] }).into(),
        accounts::Command::Register(register()).into(),
        accounts::Command::SignIn(sign_in()).into(),
        accounts::Command::Refresh(refresh()).into(),
        accounts::Command::SignOut(SignOut { session_id: SESSION }).into(),
        accounts::Command::AddSigningKey(AddSigningKey { key: signing_key() }).into(),
        accounts::Command::ChangePassword(change_password()).into(),
        accounts::Command::SignOutEverywhere(sign_out_everywhere()).into(),
        accounts::Command::SetRole(SetRole { account_id: CREATOR, role: Role::Operator }).into(),
        accounts::Command::Disable(Disable { account_id: CREATOR }).into(),
        accounts::Command::Enable(Enable { account_id: CREATOR }).into(),
        accounts::Command::RotateSigningKey(rotate_signing_key()).into(),
        accounts::Command::RevokeSigningKey(revoke_signing_key()).into(),
        accounts::Command::Import(follows::import_accounts()).into(),
        products::Command::Create(create()).into(),
        products::Command::Edit(edit_product()).into(),
        products::Command::Retire(Retire { product_id: PRODUCT, creator_id: CREATOR }).into(),
        drops::Command::Schedule(schedule()).into(),
        drops::Command::Edit(edit_drop()).into(),
        drops::Command::Restock(restock()).into(),
        drops::Command::Pause(steer()).into(),
        drops::Command::Resume(steer()).into(),
        drops::Command::End(steer()).into(),
        drops::Command::Cancel(steer()).into(),
        orders::Command::Place(place()).into(),
    ];
    commands.extend(money::commands().into_iter().map(Command::from));
    commands
}

pub fn replies() -> Vec<Reply> {
    let mut replies = vec![
        Reply::Clock(Ticked { done: 1_000, more: true }),
        members::Reply::Registered(member()).into(),
        members::Reply::LeftBehind(2).into(),
        accounts::Reply::Registered(account()).into(),
        accounts::Reply::SignedIn(session()).into(),
        accounts::Reply::Refreshed(session()).into(),
        accounts::Reply::ReuseDetected.into(),
        accounts::Reply::SignedOut.into(),
        accounts::Reply::SigningKey(signing_key()).into(),
        accounts::Reply::Changed(disabled_account()).into(),
        accounts::Reply::Imported { added: 1, taken: 2 }.into(),
        products::Reply::Created(product()).into(),
        products::Reply::Edited(product()).into(),
        products::Reply::Retired(product()).into(),
        drops::Reply::Scheduled(drop(), stock()).into(),
        drops::Reply::Changed(drop(), stock()).into(),
        orders::Reply::Placed(order()).into(),
    ];
    replies.extend(money::replies().into_iter().map(Reply::from));
    replies
}

pub fn rejections() -> Vec<Rejection> {
    let mut rejections = vec![
        Rejection::KeyReused,
        members::Rejection::OtherIncarnation.into(),
        accounts::Rejection::EmailTaken.into(),
        accounts::Rejection::AccountNotFound.into(),
        accounts::Rejection::SessionEnded.into(),
        accounts::Rejection::BadField.into(),
        accounts::Rejection::Disabled.into(),
        accounts::Rejection::ChangedSince.into(),
        accounts::Rejection::KeyNotFound.into(),
        accounts::Rejection::TooManyKeys.into(),
        products::Rejection::NotACreator.into(),
        products::Rejection::NotFound.into(),
        products::Rejection::Changed { version: VERSION }.into(),
        products::Rejection::Retired.into(),
        products::Rejection::BadField.into(),
        products::Rejection::IdTaken.into(),
        drops::Rejection::NotFound.into(),
        drops::Rejection::WrongStatus { status: drops::Status::SoldOut }.into(),
        drops::Rejection::UnknownSku.into(),
        drops::Rejection::EndsTooEarly.into(),
        drops::Rejection::BadField.into(),
        drops::Rejection::IdTaken.into(),
        drops::Rejection::ChangedSince { version: VERSION }.into(),
        orders::Rejection::BadQuantity.into(),
        orders::Rejection::DropNotFound.into(),
        orders::Rejection::NotOpen { opens_at: NOW }.into(),
        orders::Rejection::Paused.into(),
        orders::Rejection::Ended.into(),
        orders::Rejection::UnknownSku.into(),
        orders::Rejection::LimitReached { limit: 2 }.into(),
        orders::Rejection::SoldOut.into(),
        orders::Rejection::IdTaken.into(),
    ];
    rejections.extend(money::rejections().into_iter().map(Rejection::from));
    rejections
}

pub fn events() -> Vec<Event> {
    let (drop_id, creator_id) = (DROP, CREATOR);
    let told = || Told { order_id: ORDER, drop_id, buyer_id: BUYER, quantity: 2 };
    vec![
        accounts::Event::Registered { account_id: CREATOR, role: Role::Creator }.into(),
        accounts::Event::SessionClosed { session_id: SESSION }.into(),
        accounts::Event::SigningKeyAdded { key_id: "key-1".into(), added_at: NOW }.into(),
        accounts::Event::SessionsClosed { account_id: CREATOR, except: Some(SESSION) }.into(),
        accounts::Event::SigningKeyRetired { key_id: "key-1".into() }.into(),
        accounts::Event::SigningKeyRevoked { key_id: "key-1".into() }.into(),
        products::Event::Created { product_id: PRODUCT }.into(),
        products::Event::Edited { product_id: PRODUCT }.into(),
        products::Event::Retired { product_id: PRODUCT }.into(),
        drops::Event::Scheduled { drop_id, creator_id, starts_at: NOW }.into(),
        drops::Event::Live { drop_id, creator_id }.into(),
        drops::Event::LowStock { drop_id, creator_id, available: 3 }.into(),
        drops::Event::SoldOut { drop_id, creator_id }.into(),
        drops::Event::Restocked { drop_id, creator_id, items: stock().0 }.into(),
        drops::Event::Paused { drop_id, creator_id }.into(),
        drops::Event::Ended { drop_id, creator_id }.into(),
        drops::Event::Cancelled { drop_id, creator_id }.into(),
        drops::Event::Edited { drop_id, creator_id, starts_at: None }.into(),
        orders::Event::Reserved(told()).into(),
        orders::Event::Confirmed(told()).into(),
        orders::Event::Cancelled(told()).into(),
        orders::Event::Expired(told()).into(),
        orders::Event::Paying(told()).into(),
        orders::Event::Failed(told()).into(),
        orders::Event::Refunded(told()).into(),
        payments::Event::Due { order_id: ORDER }.into(),
    ]
}

/// What surrounds a command, and a command whose fields are nearly all left out.
pub fn requests() -> Vec<(&'static str, Request)> {
    let request_id = || "01JAGOLDENREQUEST".to_string();
    let idempotency = Idempotency { account: BUYER, key_hash: [0x11; 16], body_hash: [0x22; 16] };
    let nothing = drops::Edit {
        drop_id: DROP,
        creator_id: CREATOR,
        starts_at: None,
        ends_at: None,
        items: None,
        per_customer_limit: None,
        hold_ms: None,
        low_stock_threshold: None,
        expected_version: None,
    };
    let (place, edit) = (orders::Command::Place(place()).into(), drops::Command::Edit(nothing).into());
    vec![
        ("with a key", Request { request_id: request_id(), idempotency: Some(idempotency), command: place, by: None }),
        ("without a key", Request { request_id: request_id(), idempotency: None, command: edit, by: None }),
    ]
}

pub fn outcomes() -> Vec<(&'static str, Outcome)> {
    let placed = Ok(orders::Reply::Placed(order()).into());
    let sold_out = Err(orders::Rejection::SoldOut.into());
    vec![
        ("a reply", Outcome { index: VERSION, replayed: false, answer: placed.clone() }),
        ("a reply once more", Outcome { index: VERSION, replayed: true, answer: placed }),
        ("a rejection", Outcome { index: VERSION, replayed: false, answer: sold_out }),
    ]
}

pub fn roles() -> Vec<Role> {
    vec![Role::Buyer, Role::Creator, Role::Operator]
}

pub fn drop_phases() -> Vec<Phase> {
    vec![Phase::Scheduled, Phase::Live, Phase::Paused, Phase::Ended, Phase::Cancelled]
}

pub fn drop_statuses() -> Vec<drops::Status> {
    use drops::Status::*;
    vec![Upcoming, Live, Paused, SoldOut, Ended, Cancelled]
}

pub fn order_statuses() -> Vec<orders::Status> {
    use orders::Status::*;
    vec![Reserved, Confirmed, Cancelled, Expired, Paying, Failed, Refunding, Refunded]
}

pub fn register() -> accounts::Register {
    accounts::Register {
        account_id: CREATOR,
        email: "Ada@Example.com".into(),
        display_name: "Ada".into(),
        role: Role::Creator,
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
    }
}

pub fn sign_in() -> SignIn {
    SignIn { session_id: SESSION, account_id: CREATOR, refresh_hash: [0x44; 32], lasts_ms: 2_592_000_000, era: None }
}

pub fn refresh() -> Refresh {
    Refresh { session_id: SESSION, presented_hash: [0x44; 32], next_hash: [0x55; 32], lasts_ms: 2_592_000_000 }
}

pub fn create() -> Create {
    Create {
        product_id: PRODUCT,
        creator_id: CREATOR,
        name: "Lamp".into(),
        description: "Gives light.".into(),
        image_url: Some("https://example.com/lamp.png".into()),
        price: PRICE,
        tags: vec!["home".into(), "light".into()],
    }
}

fn edit_product() -> products::Edit {
    products::Edit {
        product_id: PRODUCT,
        creator_id: CREATOR,
        expected_version: VERSION,
        name: Some("Lamp".into()),
        description: Some("Gives light.".into()),
        image_url: Some(String::new()),
        price: Some(PRICE),
        tags: Some(vec!["home".into()]),
    }
}

pub fn schedule() -> Schedule {
    Schedule {
        drop_id: DROP,
        creator_id: CREATOR,
        product_id: PRODUCT,
        starts_at: Some(NOW),
        ends_at: Some(NOW.after_ms(3_600_000)),
        items: vec![NewItem { sku: "small".into(), stock: 3 }, NewItem { sku: "large".into(), stock: 70_000 }],
        per_customer_limit: 2,
        hold_ms: 300_000,
        low_stock_threshold: 10,
    }
}

fn edit_drop() -> drops::Edit {
    drops::Edit {
        drop_id: DROP,
        creator_id: CREATOR,
        starts_at: Some(NOW),
        ends_at: Some(NOW.after_ms(3_600_000)),
        items: Some(vec![NewItem { sku: "small".into(), stock: 3 }]),
        per_customer_limit: Some(2),
        hold_ms: Some(300_000),
        low_stock_threshold: Some(10),
        expected_version: Some(VERSION),
    }
}

pub fn restock() -> Restock {
    Restock { drop_id: DROP, creator_id: CREATOR, sku: "small".into(), quantity: 5 }
}

pub fn steer() -> Steer {
    Steer { drop_id: DROP, creator_id: CREATOR }
}

pub fn place() -> Place {
    Place { order_id: ORDER, buyer_id: BUYER, drop_id: DROP, sku: Some("small".into()), quantity: 2 }
}

pub fn account() -> Account {
    Account {
        id: CREATOR,
        email: "Ada@Example.com".into(),
        display_name: "Ada".into(),
        role: Role::Creator,
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        created_at: NOW,
        version: VERSION,
        era: None,
        disabled_at: None,
    }
}

pub fn disabled_account() -> Account {
    Account { era: Some(2), disabled_at: Some(NOW), ..account() }
}

pub fn session() -> Session {
    Session {
        id: SESSION,
        account_id: CREATOR,
        refresh_hash: [0x44; 32],
        opened_at: NOW,
        expires_at: NOW.after_ms(2_592_000_000),
        era: None,
    }
}

pub fn later_session() -> Session {
    Session { era: Some(2), ..session() }
}

pub fn signing_key() -> SigningKey {
    let (private, public) = (vec![0x66; 48], vec![0x77; 32]);
    SigningKey { id: "key-1".into(), private, public, added_at: None, retires_at: None }
}

pub fn retiring_key() -> SigningKey {
    SigningKey { added_at: Some(NOW), retires_at: Some(NOW.after_ms(900_000)), ..signing_key() }
}

fn change_password() -> ChangePassword {
    let (password_hash, checked) =
        ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$b3RoZXI".into(), Some(Checked { era: Some(2) }));
    ChangePassword { account_id: CREATOR, password_hash, keep: Some(SESSION), checked }
}

fn sign_out_everywhere() -> SignOutEverywhere {
    SignOutEverywhere { account_id: CREATOR, except: Some(SESSION) }
}

fn rotate_signing_key() -> RotateSigningKey {
    RotateSigningKey { key: signing_key(), old_good_for_ms: 900_000, instead_of: Some("key-0".into()) }
}

fn revoke_signing_key() -> RevokeSigningKey {
    RevokeSigningKey { key_id: "key-0".into(), replacement: signing_key() }
}

pub fn record() -> Record {
    Record {
        number: 7,
        at: NOW,
        index: VERSION,
        request_id: "01JAGOLDENREQUEST".into(),
        actor: Actor::Account(CREATOR),
        action: Action::RoleSet,
        subject: BUYER.to_string(),
        detail: "role=operator".into(),
        previous: [0x99; 32],
        hash: [0xaa; 32],
    }
}

pub fn head() -> Head {
    Head { number: 7, hash: [0xaa; 32] }
}

pub fn product() -> Product {
    Product {
        id: PRODUCT,
        creator_id: CREATOR,
        name: "Lamp".into(),
        description: "Gives light.".into(),
        image_url: Some("https://example.com/lamp.png".into()),
        price: PRICE,
        tags: vec!["home".into(), "light".into()],
        created_at: NOW,
        version: VERSION,
        retired: false,
    }
}

pub fn plain_product() -> Product {
    Product { image_url: None, tags: vec![], retired: true, ..product() }
}

pub fn drop() -> Drop {
    Drop {
        id: DROP,
        creator_id: CREATOR,
        product_id: PRODUCT,
        unit_price: PRICE,
        phase: Phase::Live,
        sold_out: true,
        low_stock_told: true,
        starts_at: NOW,
        ends_at: NOW.after_ms(3_600_000),
        per_customer_limit: 2,
        hold_ms: 300_000,
        low_stock_threshold: 10,
        created_at: NOW,
        version: VERSION,
        waited_for: None,
    }
}

pub fn endless_drop() -> Drop {
    Drop { ends_at: Timestamp::NEVER, sold_out: false, low_stock_told: false, ..drop() }
}

pub fn stock() -> Stock {
    Stock(vec![
        Item { sku: "small".into(), stock: 3, available: 0, held: 1, sold: 2 },
        Item { sku: "large".into(), stock: 70_000, available: 69_999, held: 0, sold: 1 },
    ])
}

pub fn order() -> Order {
    Order {
        id: ORDER,
        buyer_id: BUYER,
        drop_id: DROP,
        product_id: PRODUCT,
        sku: "small".into(),
        quantity: 2,
        unit_price: PRICE,
        status: orders::Status::Reserved,
        created_at: NOW,
        hold_expires_at: NOW.after_ms(300_000),
        placed_index: VERSION,
        version: VERSION + 1,
        extended_to: None,
    }
}

pub fn member() -> Member {
    Member {
        node_id: 3,
        incarnation: [0x33; 16],
        registered_index: VERSION,
        to_vote: None,
        promoted_index: None,
        removed_index: None,
    }
}

pub fn meta() -> Meta {
    Meta { clock: NOW, hash: [0x88; 32], index: VERSION, newest_order: ORDER }
}

/// An event that says what older programs did not.
pub fn moved_drop() -> Event {
    drops::Event::Edited { drop_id: DROP, creator_id: CREATOR, starts_at: Some(NOW) }.into()
}
