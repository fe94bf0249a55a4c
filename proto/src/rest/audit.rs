//! The audit trail: who did what, and when.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Consistency, Wide};

/// `GET /v1/admin/audit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadAudit {
    /// The most records of the page, 1 to 100; 20 when absent. A page may have fewer though there are more: so many
    /// records are looked at for one page, and no more.
    #[param(minimum = 1, maximum = 100, default = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; the first page when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Records with greater numbers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// What this account did: `usr_…`, `operator` or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What was done to the thing with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `linearizable` when absent.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}

/// One deed on record. Each has the hash of the one before, so that none can be changed, added or left out unseen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditRecord {
    /// From 1 on, without a gap.
    #[schema(value_type = String)]
    pub number: Wide,
    #[schema(format = DateTime)]
    pub at: String,
    /// The same time in milliseconds since the Unix epoch, as it is hashed.
    pub at_ms: u64,
    /// The log index of the entry that did it.
    #[schema(value_type = String)]
    pub log_index: Wide,
    /// Names the request in the logs of the nodes.
    pub request_id: String,
    /// Who did it: an account's id, `operator` (who showed a node's own token) or `system`.
    #[schema(example = "usr_01KAS0FJX0D2W8NMC0D3F5H7KA")]
    pub actor: String,
    #[schema(example = "account.disabled")]
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// What else there is to say of it; mostly nothing.
    pub detail: String,
    /// The hash of the record before; 64 zeros before the first.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub previous: String,
    /// BLAKE3 of the other fields as netstrings (a length in decimal digits, `:`, the bytes, `,`), one after the other:
    /// the text `livedrop-audit-1`, `number`, `at_ms`, `log_index`, `request_id`, `actor`, `action`, `subject`,
    /// `detail`, `previous`.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
}

impl AuditRecord {
    /// What the hash is made of.
    pub fn hashed(&self) -> Vec<u8> {
        let (number, at_ms, index) = (self.number.to_string(), self.at_ms.to_string(), self.log_index.to_string());
        let fields = [
            "livedrop-audit-1",
            &number,
            &at_ms,
            &index,
            &self.request_id,
            &self.actor,
            &self.action,
            &self.subject,
            &self.detail,
            &self.previous,
        ];
        fields.iter().flat_map(|field| format!("{}:{field},", field.len()).into_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_as_the_description_says() {
        let record = AuditRecord {
            number: 7.into(),
            at: "2026-11-18T11:06:40.000Z".into(),
            at_ms: 1_795_000_000_000,
            log_index: 1_284.into(),
            request_id: "req-1".into(),
            actor: "operator".into(),
            action: "account.disabled".into(),
            subject: "usr_1".into(),
            detail: String::new(),
            previous: "00".into(),
            hash: String::new(),
        };
        let text = String::from_utf8(record.hashed()).expect("it is text");
        let expected =
            "16:livedrop-audit-1,1:7,13:1795000000000,4:1284,5:req-1,8:operator,16:account.disabled,5:usr_1,0:,2:00,";
        assert_eq!(text, expected);
    }
}
