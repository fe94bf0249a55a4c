//! What nodes remember of a request, between them.

use livedrop_proto::admin as pb;
use livedrop_proto::rest::admin::{Moment as Shown, MomentKind};

use super::consensus::{AskError, Consensus, ask};
use crate::rest::rfc3339_micros;
use crate::telemetry::{Moment, Telemetry, What};

/// What a node asks of its own memory and of the others'.
pub trait Recall: Send + Sync + 'static {
    /// Oldest first.
    fn recall(&self, request_id: &str) -> Vec<pb::Moment>;
}

impl Recall for Telemetry {
    fn recall(&self, request_id: &str) -> Vec<pb::Moment> {
        Telemetry::recall(self, request_id).into_iter().map(to_pb).collect()
    }
}

impl Consensus {
    /// What another member remembers of a request.
    pub async fn recall_of(&self, node: u64, request_id: &str) -> Result<Vec<pb::Moment>, AskError> {
        let mut client = self.link(node).ok_or(AskError::NotAMember(node))?.admin();
        let asked = pb::RecallRequest { request_id: request_id.to_owned() };
        Ok(ask(node, client.recall(asked)).await?.moments)
    }
}

fn to_pb(moment: Moment) -> pb::Moment {
    let (name, level, took_micros, failed) = match moment.what {
        What::Line { level, message } => (message, level.to_owned(), None, level == "ERROR"),
        What::Span { name, took_micros, failed } => (name.into_owned(), String::new(), Some(took_micros), failed),
    };
    let place = moment.place;
    pb::Moment {
        at_micros: moment.at_micros,
        name,
        level,
        took_micros,
        failed,
        trace_id: place.map(|place| place.trace.to_be_bytes().to_vec().into()).unwrap_or_default(),
        span_id: place.map_or(0, |place| place.span),
        parent_id: place.map_or(0, |place| place.parent),
        details: moment
            .details
            .into_iter()
            .map(|(name, value)| pb::Detail { name: name.into_owned(), value })
            .collect(),
    }
}

/// A moment as operators see it.
pub fn shown(node: u64, moment: pb::Moment) -> Shown {
    let hex = |id: u64| (id != 0).then(|| format!("{id:016x}"));
    Shown {
        at: rfc3339_micros(moment.at_micros),
        node: node.to_string(),
        kind: if moment.took_micros.is_some() { MomentKind::Span } else { MomentKind::Line },
        name: moment.name,
        level: Some(moment.level).filter(|level| !level.is_empty()),
        took_micros: moment.took_micros,
        failed: moment.failed,
        trace_id: <[u8; 16]>::try_from(&moment.trace_id[..]).ok().map(|id| format!("{:032x}", u128::from_be_bytes(id))),
        span_id: hex(moment.span_id),
        parent_id: hex(moment.parent_id),
        details: moment.details.into_iter().map(|detail| (detail.name, detail.value)).collect(),
    }
}
