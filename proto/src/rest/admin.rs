//! What operators ask one node.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Wide;
use super::accounts::Role;
use super::cluster::NodeRole;

/// The most accounts that one request brings.
pub const IMPORT_MAX: usize = 200;

/// `GET /v1/admin/status`: the node that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    pub id: String,
    pub cluster_id: String,
    pub role: NodeRole,
    #[schema(value_type = String)]
    pub term: Wide,
    /// The id of the leader; null when none is known.
    #[schema(required)]
    pub leader: Option<String>,
    /// The ids of the nodes that vote.
    pub voters: Vec<String>,
    /// The ids of the nodes that only keep a copy.
    pub learners: Vec<String>,
    /// Where its REST API is.
    pub http: String,
    /// Where its peers reach it, `host:port`.
    pub peer: String,
    /// Known to be on a majority.
    #[schema(value_type = String)]
    pub committed_index: Wide,
    #[schema(value_type = String)]
    pub applied_index: Wide,
    #[schema(value_type = String)]
    pub last_log_index: Wide,
    /// Log entries up to this one are gone, inclusive; null when none are.
    #[schema(value_type = Option<String>, required)]
    pub purged_index: Option<Wide>,
    /// What the newest snapshot reflects; null when there is none.
    #[schema(value_type = Option<String>, required)]
    pub snapshot_index: Option<Wide>,
    /// How far each other node is, on the leader; empty elsewhere.
    pub followers: Vec<FollowerLag>,
    /// The program's version.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// Since the program started, in seconds.
    pub uptime_seconds: u64,
    /// The checks of `/readyz` that fail, each as "name: why". Empty when all is well.
    #[serde(default)]
    pub alarms: Vec<String>,
    /// What the disk of its data has room for; null when the system does not say.
    #[serde(default)]
    #[schema(required)]
    pub disk_free_bytes: Option<u64>,
    #[serde(default)]
    #[schema(required)]
    pub disk_bytes: Option<u64>,
    /// Since the newest snapshot was taken or received; null when there is none.
    #[serde(default)]
    #[schema(required)]
    pub snapshot_age_seconds: Option<u64>,
    /// When the certificate of its peer port runs out; null without one.
    #[serde(default)]
    #[schema(format = DateTime, required)]
    pub certificate_expires_at: Option<String>,
}

/// How far the log of one other node is, as the leader knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowerLag {
    pub id: String,
    /// The last entry it is known to have; null when it was not heard from in this term.
    #[schema(value_type = Option<String>, required)]
    pub matched_index: Option<Wide>,
    /// Entries that it lacks.
    #[schema(value_type = String)]
    pub lag: Wide,
}

/// `GET /v1/admin/hash`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadHash {
    /// The log index to tell the hash of; what the node has applied when absent. The node waits until it has applied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
}

/// A digest of everything that a node has decided up to a log index: the same on every node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateHash {
    #[schema(value_type = String)]
    pub index: Wide,
    /// 64 lower-case hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
}

/// `POST /v1/admin/accounts`: as `POST /v1/accounts`, for any role.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminCreateAccount {
    /// At most 254 bytes. Addresses that differ in case only are one.
    #[schema(max_length = 254, format = Email)]
    pub email: String,
    /// 8 to 1,024 bytes, and not easy to guess.
    #[schema(min_length = 8, max_length = 1_024, format = Password)]
    pub password: String,
    /// 1 to 200 bytes. Others see it.
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    pub role: Role,
}

/// An account, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminAccount {
    /// `usr_…`
    #[schema(example = "usr_01KAS0FJX0D2W8NMC0D3F5H7KA")]
    pub id: String,
    pub email: String,
    pub display_name: String,
    pub role: Role,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Since when it may do nothing; null when it is not disabled.
    #[schema(format = DateTime, required)]
    pub disabled_at: Option<String>,
}

/// `PUT /v1/admin/accounts/{id}/role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    pub role: Role,
}

/// `PUT /v1/admin/accounts/{id}/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    /// 8 to 1,024 bytes, and not easy to guess.
    #[schema(min_length = 8, max_length = 1_024, format = Password)]
    pub password: String,
}

/// A key that access tokens are signed with, or were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SigningKey {
    /// The `kid` of the tokens that it signs.
    pub id: String,
    /// Whether it signs; the others only verify what they signed.
    pub signs: bool,
    /// Null when the cluster did not write it down yet when it took the key.
    #[schema(format = DateTime, required)]
    pub added_at: Option<String>,
    /// When the last token that it signed has run out, and it goes; null while it signs.
    #[schema(format = DateTime, required)]
    pub retires_at: Option<String>,
}

/// The keys that are good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SigningKeys {
    pub keys: Vec<SigningKey>,
}

/// A password must not reach a log line.
impl fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetPassword").finish_non_exhaustive()
    }
}

/// A password must not reach a log line.
impl fmt::Debug for AdminCreateAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminCreateAccount")
            .field("email", &self.email)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/admin/accounts/import`: accounts that were opened elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportAccounts {
    /// At most 200.
    #[schema(max_items = 200)]
    pub accounts: Vec<ImportedAccount>,
}

/// One account, as it was elsewhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedAccount {
    /// `usr_…`; a new one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// At most 254 bytes. Addresses that differ in case only are one.
    #[schema(max_length = 254, format = Email)]
    pub email: String,
    /// 1 to 200 bytes.
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    pub role: Role,
    /// An argon2id hash in PHC string format, `$argon2id$v=19$…`. Nobody can sign in with a password when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub password_hash: Option<String>,
}

/// A hash must not reach a log line: passwords can be guessed from it.
impl fmt::Debug for ImportedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedAccount").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What became of those that were brought. The two come to as many as were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedAccounts {
    pub added: u32,
    /// The id or the address was there before.
    pub taken: u32,
}

/// `GET /v1/admin/errors/{request_id}`: what the nodes remember of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Happened {
    /// In the order of time, by the clock of each node.
    pub moments: Vec<Moment>,
    /// Nodes that did not answer: what they remember is missing.
    pub silent: Vec<String>,
}

/// Something that happened to a request on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    /// When it began.
    #[schema(format = DateTime)]
    pub at: String,
    /// The id of the node.
    #[schema(example = "1")]
    pub node: String,
    pub kind: MomentKind,
    /// The message of a line, or the name of a span.
    pub name: String,
    /// Of a line: `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// How long it took, in microseconds; of a span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_micros: Option<u64>,
    /// Whether it went wrong, rather than well or being refused.
    pub failed: bool,
    /// 32 hexadecimal digits; only of requests that are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// 16 hexadecimal digits: the span that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// What else is known, by name.
    pub details: std::collections::BTreeMap<String, String>,
}

/// What a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    /// A line of the log.
    Line,
    /// A stretch of the request's way.
    Span,
}
