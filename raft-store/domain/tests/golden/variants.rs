//! The name of every variant. A variant that is not here does not compile; one that has no value fails.

use livedrop_domain::accounts::Role;
use livedrop_domain::{
    Command, Event, Rejection, Reply, accounts, cdn, drops, follows, members, notifications, orders, payments,
    products, sandbox, waitlist, webhooks,
};

macro_rules! variants {
    ($names:ident of $words:ty: $($pattern:pat => $name:literal),+ $(,)?) => {
        /// The values with their names, one of each variant, in this order.
        pub fn $names(values: Vec<$words>) -> Vec<(&'static str, $words)> {
            let name = |word: &$words| match word { $($pattern => $name),+ };
            let names: Vec<_> = values.iter().map(name).collect();
            assert_eq!(names, [$($name),+], "one value of each variant");
            names.into_iter().zip(values).collect()
        }
    };
}

variants! { commands of Command:
    Command::Clock(_) => "clock::Tick",
    Command::Members(members::Command::Register(_)) => "members::Register",
    Command::Members(members::Command::LeaveBehind(_)) => "members::LeaveBehind",
    Command::Accounts(accounts::Command::Register(_)) => "accounts::Register",
    Command::Accounts(accounts::Command::SignIn(_)) => "accounts::SignIn",
    Command::Accounts(accounts::Command::Refresh(_)) => "accounts::Refresh",
    Command::Accounts(accounts::Command::SignOut(_)) => "accounts::SignOut",
    Command::Accounts(accounts::Command::AddSigningKey(_)) => "accounts::AddSigningKey",
    Command::Accounts(accounts::Command::ChangePassword(_)) => "accounts::ChangePassword",
    Command::Accounts(accounts::Command::SignOutEverywhere(_)) => "accounts::SignOutEverywhere",
    Command::Accounts(accounts::Command::SetRole(_)) => "accounts::SetRole",
    Command::Accounts(accounts::Command::Disable(_)) => "accounts::Disable",
    Command::Accounts(accounts::Command::Enable(_)) => "accounts::Enable",
    Command::Accounts(accounts::Command::RotateSigningKey(_)) => "accounts::RotateSigningKey",
    Command::Accounts(accounts::Command::RevokeSigningKey(_)) => "accounts::RevokeSigningKey",
    Command::Accounts(accounts::Command::Import(_)) => "accounts::Import",
    Command::Products(products::Command::Create(_)) => "products::Create",
    Command::Products(products::Command::Edit(_)) => "products::Edit",
    Command::Products(products::Command::Retire(_)) => "products::Retire",
    Command::Drops(drops::Command::Schedule(_)) => "drops::Schedule",
    Command::Drops(drops::Command::Edit(_)) => "drops::Edit",
    Command::Drops(drops::Command::Restock(_)) => "drops::Restock",
    Command::Drops(drops::Command::Pause(_)) => "drops::Pause",
    Command::Drops(drops::Command::Resume(_)) => "drops::Resume",
    Command::Drops(drops::Command::End(_)) => "drops::End",
    Command::Drops(drops::Command::Cancel(_)) => "drops::Cancel",
    Command::Orders(orders::Command::Place(_)) => "orders::Place",
    Command::Payments(payments::Command::Pay(_)) => "payments::Pay",
    Command::Payments(payments::Command::PlaceAndPay(_)) => "payments::PlaceAndPay",
    Command::Payments(payments::Command::Cancel(_)) => "payments::Cancel",
    Command::Payments(payments::Command::Report(_)) => "payments::Report",
    Command::Payments(payments::Command::Refund(_)) => "payments::Refund",
    Command::Payments(payments::Command::ReportRefund(_)) => "payments::ReportRefund",
    Command::Sandbox(sandbox::Command::Create(_)) => "sandbox::Create",
    Command::Sandbox(sandbox::Command::Confirm(_)) => "sandbox::Confirm",
    Command::Sandbox(sandbox::Command::Cancel(_)) => "sandbox::Cancel",
    Command::Sandbox(sandbox::Command::Refund(_)) => "sandbox::Refund",
    Command::Webhooks(webhooks::Command::Create(_)) => "webhooks::Create",
    Command::Webhooks(webhooks::Command::Edit(_)) => "webhooks::Edit",
    Command::Webhooks(webhooks::Command::Delete(_)) => "webhooks::Delete",
    Command::Webhooks(webhooks::Command::Rotate(_)) => "webhooks::Rotate",
    Command::Webhooks(webhooks::Command::Enqueue(_)) => "webhooks::Enqueue",
    Command::Webhooks(webhooks::Command::Attempted(_)) => "webhooks::Attempted",
    Command::Webhooks(webhooks::Command::Resend(_)) => "webhooks::Resend",
    Command::Follows(follows::Command::Follow(_)) => "follows::Follow",
    Command::Follows(follows::Command::Unfollow(_)) => "follows::Unfollow",
    Command::Follows(follows::Command::Import(_)) => "follows::Import",
    Command::Notifications(notifications::Command::MarkRead(_)) => "notifications::MarkRead",
    Command::Notifications(notifications::Command::SetPreferences(_)) => "notifications::SetPreferences",
    Command::Waitlist(waitlist::Command::Join(_)) => "waitlist::Join",
    Command::Waitlist(waitlist::Command::Leave(_)) => "waitlist::Leave",
    Command::Cdn(cdn::Command::Told(_)) => "cdn::Told",
    Command::Members(members::Command::Invite(_)) => "members::Invite",
    Command::Members(members::Command::Promote(_)) => "members::Promote",
    Command::Members(members::Command::Remove(_)) => "members::Remove",
}

variants! { replies of Reply:
    Reply::Clock(_) => "clock::Ticked",
    Reply::Members(members::Reply::Registered(_)) => "members::Registered",
    Reply::Members(members::Reply::LeftBehind(_)) => "members::LeftBehind",
    Reply::Accounts(accounts::Reply::Registered(_)) => "accounts::Registered",
    Reply::Accounts(accounts::Reply::SignedIn(_)) => "accounts::SignedIn",
    Reply::Accounts(accounts::Reply::Refreshed(_)) => "accounts::Refreshed",
    Reply::Accounts(accounts::Reply::ReuseDetected) => "accounts::ReuseDetected",
    Reply::Accounts(accounts::Reply::SignedOut) => "accounts::SignedOut",
    Reply::Accounts(accounts::Reply::SigningKey(_)) => "accounts::SigningKey",
    Reply::Accounts(accounts::Reply::Changed(_)) => "accounts::Changed",
    Reply::Accounts(accounts::Reply::Imported { .. }) => "accounts::Imported",
    Reply::Products(products::Reply::Created(_)) => "products::Created",
    Reply::Products(products::Reply::Edited(_)) => "products::Edited",
    Reply::Products(products::Reply::Retired(_)) => "products::Retired",
    Reply::Drops(drops::Reply::Scheduled(..)) => "drops::Scheduled",
    Reply::Drops(drops::Reply::Changed(..)) => "drops::Changed",
    Reply::Orders(orders::Reply::Placed(_)) => "orders::Placed",
    Reply::Payments(payments::Reply::Changed(..)) => "payments::Changed",
    Reply::Payments(payments::Reply::Placed(..)) => "payments::Placed",
    Reply::Payments(payments::Reply::Cancelled(..)) => "payments::Cancelled",
    Reply::Payments(payments::Reply::Refunding(..)) => "payments::Refunding",
    Reply::Sandbox(sandbox::Reply::Intent(_)) => "sandbox::Intent",
    Reply::Webhooks(webhooks::Reply::Created(_)) => "webhooks::Created",
    Reply::Webhooks(webhooks::Reply::Edited(_)) => "webhooks::Edited",
    Reply::Webhooks(webhooks::Reply::Deleted) => "webhooks::Deleted",
    Reply::Webhooks(webhooks::Reply::Rotated(_)) => "webhooks::Rotated",
    Reply::Webhooks(webhooks::Reply::Enqueued { .. }) => "webhooks::Enqueued",
    Reply::Webhooks(webhooks::Reply::Noted { .. }) => "webhooks::Noted",
    Reply::Webhooks(webhooks::Reply::Resent { .. }) => "webhooks::Resent",
    Reply::Follows(follows::Reply::Followed(_)) => "follows::Followed",
    Reply::Follows(follows::Reply::Unfollowed) => "follows::Unfollowed",
    Reply::Follows(follows::Reply::Imported { .. }) => "follows::Imported",
    Reply::Notifications(notifications::Reply::Changed(_)) => "notifications::Changed",
    Reply::Waitlist(waitlist::Reply::Waiting { .. }) => "waitlist::Waiting",
    Reply::Waitlist(waitlist::Reply::Offered { .. }) => "waitlist::Offered",
    Reply::Waitlist(waitlist::Reply::Left) => "waitlist::Left",
    Reply::Cdn(cdn::Reply::Told { .. }) => "cdn::Told",
    Reply::Members(members::Reply::Invited(_)) => "members::Invited",
    Reply::Members(members::Reply::Changed(_)) => "members::Changed",
    Reply::Members(members::Reply::Uninvited) => "members::Uninvited",
}

variants! { rejections of Rejection:
    Rejection::KeyReused => "KeyReused",
    Rejection::Members(members::Rejection::OtherIncarnation) => "members::OtherIncarnation",
    Rejection::Accounts(accounts::Rejection::EmailTaken) => "accounts::EmailTaken",
    Rejection::Accounts(accounts::Rejection::AccountNotFound) => "accounts::AccountNotFound",
    Rejection::Accounts(accounts::Rejection::SessionEnded) => "accounts::SessionEnded",
    Rejection::Accounts(accounts::Rejection::BadField) => "accounts::BadField",
    Rejection::Accounts(accounts::Rejection::Disabled) => "accounts::Disabled",
    Rejection::Accounts(accounts::Rejection::ChangedSince) => "accounts::ChangedSince",
    Rejection::Accounts(accounts::Rejection::KeyNotFound) => "accounts::KeyNotFound",
    Rejection::Accounts(accounts::Rejection::TooManyKeys) => "accounts::TooManyKeys",
    Rejection::Products(products::Rejection::NotACreator) => "products::NotACreator",
    Rejection::Products(products::Rejection::NotFound) => "products::NotFound",
    Rejection::Products(products::Rejection::Changed { .. }) => "products::Changed",
    Rejection::Products(products::Rejection::Retired) => "products::Retired",
    Rejection::Products(products::Rejection::BadField) => "products::BadField",
    Rejection::Products(products::Rejection::IdTaken) => "products::IdTaken",
    Rejection::Drops(drops::Rejection::NotFound) => "drops::NotFound",
    Rejection::Drops(drops::Rejection::WrongStatus { .. }) => "drops::WrongStatus",
    Rejection::Drops(drops::Rejection::UnknownSku) => "drops::UnknownSku",
    Rejection::Drops(drops::Rejection::EndsTooEarly) => "drops::EndsTooEarly",
    Rejection::Drops(drops::Rejection::BadField) => "drops::BadField",
    Rejection::Drops(drops::Rejection::IdTaken) => "drops::IdTaken",
    Rejection::Drops(drops::Rejection::ChangedSince { .. }) => "drops::ChangedSince",
    Rejection::Orders(orders::Rejection::BadQuantity) => "orders::BadQuantity",
    Rejection::Orders(orders::Rejection::DropNotFound) => "orders::DropNotFound",
    Rejection::Orders(orders::Rejection::NotOpen { .. }) => "orders::NotOpen",
    Rejection::Orders(orders::Rejection::Paused) => "orders::Paused",
    Rejection::Orders(orders::Rejection::Ended) => "orders::Ended",
    Rejection::Orders(orders::Rejection::UnknownSku) => "orders::UnknownSku",
    Rejection::Orders(orders::Rejection::LimitReached { .. }) => "orders::LimitReached",
    Rejection::Orders(orders::Rejection::SoldOut) => "orders::SoldOut",
    Rejection::Orders(orders::Rejection::IdTaken) => "orders::IdTaken",
    Rejection::Payments(payments::Rejection::NotFound) => "payments::NotFound",
    Rejection::Payments(payments::Rejection::WrongStatus { .. }) => "payments::WrongStatus",
    Rejection::Payments(payments::Rejection::HoldOver) => "payments::HoldOver",
    Rejection::Payments(payments::Rejection::BadMethod) => "payments::BadMethod",
    Rejection::Payments(payments::Rejection::Stale { .. }) => "payments::Stale",
    Rejection::Payments(payments::Rejection::BadAmount { .. }) => "payments::BadAmount",
    Rejection::Payments(payments::Rejection::RestockNeedsAll) => "payments::RestockNeedsAll",
    Rejection::Payments(payments::Rejection::TooManyRefunds) => "payments::TooManyRefunds",
    Rejection::Sandbox(sandbox::Rejection::NotFound) => "sandbox::NotFound",
    Rejection::Sandbox(sandbox::Rejection::UnknownMethod) => "sandbox::UnknownMethod",
    Rejection::Sandbox(sandbox::Rejection::KeyReused) => "sandbox::KeyReused",
    Rejection::Sandbox(sandbox::Rejection::Canceled) => "sandbox::Canceled",
    Rejection::Sandbox(sandbox::Rejection::WrongStatus { .. }) => "sandbox::WrongStatus",
    Rejection::Sandbox(sandbox::Rejection::MoreThanCharged { .. }) => "sandbox::MoreThanCharged",
    Rejection::Webhooks(webhooks::Rejection::NotFound) => "webhooks::NotFound",
    Rejection::Webhooks(webhooks::Rejection::BadField) => "webhooks::BadField",
    Rejection::Webhooks(webhooks::Rejection::IdTaken) => "webhooks::IdTaken",
    Rejection::Webhooks(webhooks::Rejection::TooManyEndpoints) => "webhooks::TooManyEndpoints",
    Rejection::Webhooks(webhooks::Rejection::Stale { .. }) => "webhooks::Stale",
    Rejection::Webhooks(webhooks::Rejection::StaleAttempt { .. }) => "webhooks::StaleAttempt",
    Rejection::Webhooks(webhooks::Rejection::Disabled) => "webhooks::Disabled",
    Rejection::Follows(follows::Rejection::CreatorNotFound) => "follows::CreatorNotFound",
    Rejection::Follows(follows::Rejection::Yourself) => "follows::Yourself",
    Rejection::Follows(follows::Rejection::TooMany) => "follows::TooMany",
    Rejection::Follows(follows::Rejection::BadField) => "follows::BadField",
    Rejection::Notifications(notifications::Rejection::BadField) => "notifications::BadField",
    Rejection::Waitlist(waitlist::Rejection::DropNotFound) => "waitlist::DropNotFound",
    Rejection::Waitlist(waitlist::Rejection::NotOpen { .. }) => "waitlist::NotOpen",
    Rejection::Waitlist(waitlist::Rejection::Ended) => "waitlist::Ended",
    Rejection::Waitlist(waitlist::Rejection::UnknownSku) => "waitlist::UnknownSku",
    Rejection::Waitlist(waitlist::Rejection::BadQuantity) => "waitlist::BadQuantity",
    Rejection::Waitlist(waitlist::Rejection::AlreadyWaiting) => "waitlist::AlreadyWaiting",
    Rejection::Waitlist(waitlist::Rejection::LimitReached { .. }) => "waitlist::LimitReached",
    Rejection::Waitlist(waitlist::Rejection::UnitsAvailable) => "waitlist::UnitsAvailable",
    Rejection::Waitlist(waitlist::Rejection::LineFull) => "waitlist::LineFull",
    Rejection::Waitlist(waitlist::Rejection::IdTaken) => "waitlist::IdTaken",
    Rejection::Cdn(cdn::Rejection::OtherCursor { .. }) => "cdn::OtherCursor",
    Rejection::Cdn(cdn::Rejection::BadField) => "cdn::BadField",
    Rejection::Members(members::Rejection::NotInvited) => "members::NotInvited",
    Rejection::Members(members::Rejection::InvitationExpired { .. }) => "members::InvitationExpired",
    Rejection::Members(members::Rejection::InvitationUsed) => "members::InvitationUsed",
    Rejection::Members(members::Rejection::Removed) => "members::Removed",
    Rejection::Members(members::Rejection::NotAMember) => "members::NotAMember",
    Rejection::Members(members::Rejection::TooManyInvited) => "members::TooManyInvited",
    Rejection::Members(members::Rejection::BadField) => "members::BadField",
}

variants! { events of Event:
    Event::Accounts(accounts::Event::Registered { .. }) => "accounts::Registered",
    Event::Accounts(accounts::Event::SessionClosed { .. }) => "accounts::SessionClosed",
    Event::Accounts(accounts::Event::SigningKeyAdded { .. }) => "accounts::SigningKeyAdded",
    Event::Accounts(accounts::Event::SessionsClosed { .. }) => "accounts::SessionsClosed",
    Event::Accounts(accounts::Event::SigningKeyRetired { .. }) => "accounts::SigningKeyRetired",
    Event::Accounts(accounts::Event::SigningKeyRevoked { .. }) => "accounts::SigningKeyRevoked",
    Event::Products(products::Event::Created { .. }) => "products::Created",
    Event::Products(products::Event::Edited { .. }) => "products::Edited",
    Event::Products(products::Event::Retired { .. }) => "products::Retired",
    Event::Drops(drops::Event::Scheduled { .. }) => "drops::Scheduled",
    Event::Drops(drops::Event::Live { .. }) => "drops::Live",
    Event::Drops(drops::Event::LowStock { .. }) => "drops::LowStock",
    Event::Drops(drops::Event::SoldOut { .. }) => "drops::SoldOut",
    Event::Drops(drops::Event::Restocked { .. }) => "drops::Restocked",
    Event::Drops(drops::Event::Paused { .. }) => "drops::Paused",
    Event::Drops(drops::Event::Ended { .. }) => "drops::Ended",
    Event::Drops(drops::Event::Cancelled { .. }) => "drops::Cancelled",
    Event::Drops(drops::Event::Edited { .. }) => "drops::Edited",
    Event::Orders(orders::Event::Reserved(_)) => "orders::Reserved",
    Event::Orders(orders::Event::Confirmed(_)) => "orders::Confirmed",
    Event::Orders(orders::Event::Cancelled(_)) => "orders::Cancelled",
    Event::Orders(orders::Event::Expired(_)) => "orders::Expired",
    Event::Orders(orders::Event::Paying(_)) => "orders::Paying",
    Event::Orders(orders::Event::Failed(_)) => "orders::Failed",
    Event::Orders(orders::Event::Refunded(_)) => "orders::Refunded",
    Event::Payments(payments::Event::Due { .. }) => "payments::Due",
    Event::Webhooks(webhooks::Event::Due) => "webhooks::Due",
    Event::Follows(follows::Event::Followed { .. }) => "follows::Followed",
    Event::Follows(follows::Event::Unfollowed { .. }) => "follows::Unfollowed",
    Event::Follows(follows::Event::Imported { .. }) => "follows::Imported",
    Event::Waitlist(waitlist::Event::Offered { .. }) => "waitlist::Offered",
}

variants! { roles of Role:
    Role::Buyer => "buyer",
    Role::Creator => "creator",
    Role::Operator => "operator",
}

variants! { drop_phases of drops::Phase:
    drops::Phase::Scheduled => "scheduled",
    drops::Phase::Live => "live",
    drops::Phase::Paused => "paused",
    drops::Phase::Ended => "ended",
    drops::Phase::Cancelled => "cancelled",
}

variants! { drop_statuses of drops::Status:
    drops::Status::Upcoming => "upcoming",
    drops::Status::Live => "live",
    drops::Status::Paused => "paused",
    drops::Status::SoldOut => "sold out",
    drops::Status::Ended => "ended",
    drops::Status::Cancelled => "cancelled",
}

variants! { order_statuses of orders::Status:
    orders::Status::Reserved => "reserved",
    orders::Status::Confirmed => "confirmed",
    orders::Status::Cancelled => "cancelled",
    orders::Status::Expired => "expired",
    orders::Status::Paying => "paying",
    orders::Status::Failed => "failed",
    orders::Status::Refunding => "refunding",
    orders::Status::Refunded => "refunded",
}

variants! { payment_outcomes of payments::Outcome:
    payments::Outcome::Created { .. } => "created",
    payments::Outcome::Succeeded => "succeeded",
    payments::Outcome::Declined { .. } => "declined",
    payments::Outcome::ActionRequired { .. } => "action required",
    payments::Outcome::Processing => "processing",
    payments::Outcome::Unknown => "unknown",
    payments::Outcome::Canceled => "canceled",
    payments::Outcome::NotConfirmed => "not confirmed",
    payments::Outcome::Refused { .. } => "refused",
}

variants! { refund_outcomes of payments::RefundOutcome:
    payments::RefundOutcome::Done { .. } => "done",
    payments::RefundOutcome::Failed { .. } => "failed",
}

variants! { payment_gateways of payments::Gateway:
    payments::Gateway::Sandbox => "sandbox",
    payments::Gateway::Stripe => "stripe",
}

variants! { payment_stages of payments::Stage:
    payments::Stage::Creating => "creating",
    payments::Stage::Confirming => "confirming",
    payments::Stage::Acting => "acting",
    payments::Stage::Unknown => "unknown",
    payments::Stage::Cancelling => "cancelling",
    payments::Stage::Charged => "charged",
    payments::Stage::Closed => "closed",
    payments::Stage::Abandoned => "abandoned",
}

variants! { payment_ends of payments::End:
    payments::End::Declined => "declined",
    payments::End::Expired => "expired",
    payments::End::Cancelled => "cancelled",
    payments::End::DropCancelled => "drop cancelled",
}

variants! { sandbox_statuses of sandbox::Status:
    sandbox::Status::RequiresConfirmation => "requires confirmation",
    sandbox::Status::Succeeded => "succeeded",
    sandbox::Status::Declined => "declined",
    sandbox::Status::Canceled => "canceled",
}

variants! { sandbox_kinds of sandbox::Kind:
    sandbox::Kind::Charge => "charge",
    sandbox::Kind::Refund => "refund",
}

variants! { delivery_states of webhooks::State:
    webhooks::State::Pending => "pending",
    webhooks::State::Delivered => "delivered",
    webhooks::State::Failed => "failed",
}

variants! { notice_kinds of notifications::Kind:
    notifications::Kind::DropScheduled => "drop scheduled",
    notifications::Kind::DropLive => "drop live",
    notifications::Kind::DropLowStock => "drop low stock",
    notifications::Kind::DropSoldOut => "drop sold out",
    notifications::Kind::DropRestocked => "drop restocked",
    notifications::Kind::DropCancelled => "drop cancelled",
    notifications::Kind::OrderConfirmed => "order confirmed",
    notifications::Kind::OrderFailed => "order failed",
    notifications::Kind::OrderExpired => "order expired",
    notifications::Kind::OrderCancelled => "order cancelled",
    notifications::Kind::OrderRefunded => "order refunded",
    notifications::Kind::WaitlistOffered => "waitlist offered",
    notifications::Kind::DropMoved => "drop moved",
}
