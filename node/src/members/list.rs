//! All members, as the leader sees them.

use livedrop_domain::members;
use livedrop_proto::operate as pb;
use tonic::Status;

use super::Members;

/// Members and nodes that are invited, in the order of their ids.
pub async fn list(room: &Members) -> Result<pb::MembersResponse, Status> {
    let (known, invited) = room.read(|view| Ok((members::all(view)?, members::invitations(view)?)))?;
    let status = room.consensus.status();
    let row = |(id, member): (&u64, &crate::raft::MemberStatus)| {
        let known = known.iter().find(|known| known.node_id == *id);
        let follower = status.followers.get(id);
        let leads = status.leader == Some(*id);
        let role = match (known.is_some_and(|known| known.removed_index.is_some()), leads, member.voter) {
            (true, _, _) => "leaving",
            (_, true, _) => "leader",
            (_, _, true) => "follower",
            (_, _, false) => "learner",
        };
        pb::Member {
            id: *id,
            role: role.to_owned(),
            peer: member.member.peer.clone(),
            http: member.member.http.clone(),
            lag: if leads { Some(0) } else { follower.map(|follower| follower.lag) },
            silent_ms: follower.and_then(|follower| follower.heartbeat_age_ms),
            to_vote: !member.voter && known.is_some_and(|known| known.to_vote == Some(true)),
        }
    };
    let waiting = invited.into_iter().map(|it| pb::Member {
        id: it.node_id,
        role: "invited".to_owned(),
        peer: it.peer,
        http: it.http,
        lag: None,
        silent_ms: None,
        to_vote: it.to_vote,
    });
    let mut all: Vec<_> = status.members.iter().map(row).chain(waiting).collect();
    all.sort_by_key(|member| member.id);
    Ok(pb::MembersResponse {
        cluster_id: room.cluster_id.clone(),
        leader: status.leader.unwrap_or(0),
        term: status.term,
        members: all,
        under_way: room.turn.under_way().unwrap_or_default(),
    })
}
