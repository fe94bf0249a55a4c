//! Operations that take long: each step is shown, and what breaks off is repeated, which goes on where it ended.

use std::time::{Duration, Instant};

use livedrop_proto::operate as pb;
use serde::Serialize;
use tonic::{Code, Status, Streaming};

use crate::ctl::context::Context;
use crate::ctl::output::note;
use crate::ctl::reach::{Reach, told};
use crate::ctl::trouble::{Exit, Stop};
use crate::operate::{OperateError, Wire};

/// How long an operation that breaks off is repeated without getting any further.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// A step as `-o json` shows it, one line each; 64-bit numbers are text.
#[derive(Serialize)]
struct Step<'a> {
    text: &'a str,
    node: String,
    /// The steps are those of calls that may have been repeated; this is since the first.
    elapsed_ms: u64,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Start>,
}

/// What a new node is started with.
#[derive(Serialize)]
pub struct Start {
    pub node: String,
    pub token: String,
    pub peers: Vec<String>,
    pub expires_at_ms: String,
    pub command: String,
}

/// How a new node that was invited is started, for whoever types it.
pub fn start(invitation: &pb::Invitation, peer: &str, http: &str) -> Start {
    let pb::Invitation { node_id, token, expires_ms, peers } = invitation;
    let listen = [("--peer-listen", listens(peer)), ("--http-listen", listens(http))];
    let listen: String = listen.iter().filter_map(|(flag, at)| Some(format!(" {flag} {}", at.as_ref()?))).collect();
    let command =
        format!("livedropd --join {token} --peers {} --data-dir livedrop-data/{node_id}{listen}", peers.join(","));
    Start {
        node: node_id.to_string(),
        token: token.clone(),
        peers: peers.clone(),
        expires_at_ms: expires_ms.to_string(),
        command,
    }
}

/// Where a node listens that is reached at this address: there, or on every interface for a name.
fn listens(address: &str) -> Option<String> {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, port) = bare.rsplit_once(':')?;
    Some(match bare.parse::<std::net::SocketAddr>() {
        Ok(address) => address.to_string(),
        Err(_) if host == "localhost" => format!("127.0.0.1:{port}"),
        Err(_) => format!("0.0.0.0:{port}"),
    })
}

/// Runs an operation to its end. `call` is given the id of the node that it is about, once that is known.
pub async fn follow(
    context: &Context,
    reach: &Reach,
    what: &str,
    (peer, http): (&str, &str),
    call: impl AsyncFn(Wire, u64) -> Result<Streaming<pb::Progress>, Status>,
) -> Result<Exit, Stop> {
    let (began, mut got_further, mut node) = (Instant::now(), Instant::now(), 0);
    loop {
        let begun = reach.try_ask(context, what, async |wire| call(wire, node).await).await?;
        let broken = match begun {
            Err(trouble) => trouble,
            Ok(mut steps) => loop {
                match steps.message().await {
                    Ok(Some(step)) => {
                        (got_further, node) = (Instant::now(), step.node_id);
                        show(context, &step, began, (peer, http))?;
                        if step.done {
                            return Ok(Exit::Ok);
                        }
                    }
                    Ok(None) => break refused(Status::unavailable("the node that was asked has stopped")),
                    Err(status) => break refused(status),
                }
            },
        };
        let again = matches!(broken.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal);
        // The node that knows the token may be down for a moment, and the others do not know it.
        let again = again || node != 0 && broken.code() == Code::Unauthenticated;
        if !again || got_further.elapsed() > PATIENCE {
            return Err(told(&broken, what));
        }
        note(&format!("{:>6.1} s  {broken}", began.elapsed().as_secs_f64()));
        tokio::time::sleep(PAUSE).await;
    }
}

fn refused(status: Status) -> OperateError {
    OperateError::Refused { address: "the node".to_owned(), status: Box::new(status) }
}

/// Steps go to standard error; what to start, and the end, to standard output.
fn show(context: &Context, step: &pb::Progress, began: Instant, (peer, http): (&str, &str)) -> Result<(), Stop> {
    let start = step.invitation.as_ref().map(|invitation| start(invitation, peer, http));
    if !context.output.is_table() {
        let elapsed_ms = began.elapsed().as_millis() as u64;
        let line = Step { text: &step.text, node: step.node_id.to_string(), elapsed_ms, done: step.done, start };
        context.output.text(&serde_json::to_string(&line).expect("what is shown is JSON"))?;
        return Ok(());
    }
    let line = format!("{:>6.1} s  {}", began.elapsed().as_secs_f64(), step.text);
    if step.done {
        context.output.text(&line)?;
        return Ok(());
    }
    note(&line);
    if let Some(start) = start {
        context.output.text(&format!("\n    {}\n", start.command))?;
        note("");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::listens;

    #[test]
    fn a_new_node_listens_where_it_is_reached() {
        assert_eq!(listens("10.0.0.4:9090").as_deref(), Some("10.0.0.4:9090"));
        assert_eq!(listens("http://10.0.0.4:8080").as_deref(), Some("10.0.0.4:8080"));
        assert_eq!(listens("http://localhost:8080").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(listens("shop-4.internal:9090").as_deref(), Some("0.0.0.0:9090"));
        assert_eq!(listens(""), None);
    }
}
