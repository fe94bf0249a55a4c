//! The bytes of the messages between nodes. Nodes of two versions talk to each other during an upgrade: changing one of
//! these lines is a deliberate act.

use bytes::Bytes;
use livedrop_proto::{admin, forward, limits, raft};
use prost::Message;

fn log_id(term: u64, node_id: u64, index: u64) -> Option<raft::LogId> {
    Some(raft::LogId { term, node_id, index })
}

fn vote() -> Option<raft::Vote> {
    Some(raft::Vote { term: 3, node_id: 2, committed: true })
}

fn membership() -> raft::Membership {
    let member = |id: u64| raft::Member { peer: format!("n{id}:9090"), http: format!("http://n{id}:8080") };
    raft::Membership {
        configs: vec![raft::Voters { node_ids: vec![1, 2] }, raft::Voters { node_ids: vec![1] }],
        nodes: [(2, member(2)), (1, member(1))].into(),
    }
}

#[track_caller]
fn golden<M: Message + Default + PartialEq + std::fmt::Debug>(message: M, hex: &str) {
    let bytes = message.encode_to_vec();
    let written: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(written, hex.replace([' ', '\n'], ""));
    assert_eq!(M::decode(&bytes[..]).unwrap(), message);
}

#[test]
fn append_request() {
    use raft::entry::Payload;
    let entry = |index, payload| raft::Entry { log_id: log_id(3, 2, index), payload: Some(payload) };
    let entries = vec![
        entry(8, Payload::Blank(raft::Blank {})),
        entry(9, Payload::Command(Bytes::from_static(b"\x01batch"))),
        entry(10, Payload::Membership(membership())),
    ];
    let request =
        raft::AppendRequest { vote: vote(), prev_log_id: log_id(2, 1, 7), leader_commit: log_id(2, 1, 6), entries };
    golden(
        request,
        "0a0608031002180112060802100118071a06080210011806220a0a06080310021808120022100a060803100218091a0601626174636822530a0608031002180a22490a040a0201020a030a0101121d080112190a076e313a39303930120e687474703a2f2f6e313a38303830121d080212190a076e323a39303930120e687474703a2f2f6e323a38303830",
    );
}

#[test]
fn append_response() {
    use raft::append_response::Result as Answer;
    let response = |answer| raft::AppendResponse { result: Some(answer) };
    golden(response(Answer::Matched(raft::Matched { log_id: None })), "0a00");
    golden(response(Answer::Matched(raft::Matched { log_id: log_id(3, 2, 10) })), "0a080a0608031002180a");
    golden(response(Answer::Conflict(log_id(3, 2, 10).unwrap())), "120608031002180a");
    golden(response(Answer::HigherVote(vote().unwrap())), "1a06080310021801");
}

#[test]
fn votes() {
    let request = raft::VoteRequest { vote: vote(), last_log_id: log_id(2, 1, 7), leadership_transfer: true };
    golden(request, "0a0608031002180112060802100118071801");
    let response = raft::VoteResponse { vote: vote(), granted: true, last_log_id: log_id(2, 1, 7) };
    golden(response, "0a0608031002180110011a06080210011807");
}

#[test]
fn transfer_leader() {
    use raft::transfer_leader_response::{Accepted, LogNotFlushed, Result as Answer, VoteChanged};
    let request = raft::TransferLeaderRequest { from_leader: vote(), to_node_id: 3, last_log_id: log_id(2, 1, 7) };
    golden(request, "0a0608031002180110031a06080210011807");
    let response = |answer| raft::TransferLeaderResponse { result: Some(answer) };
    golden(response(Answer::Accepted(Accepted {})), "0a00");
    golden(
        response(Answer::VoteChanged(VoteChanged { expected: vote(), actual: vote() })),
        "12100a060803100218011206080310021801",
    );
    let behind = LogNotFlushed { expected: log_id(2, 1, 7), actual: None };
    golden(response(Answer::LogNotFlushed(behind)), "1a080a06080210011807");
}

#[test]
fn snapshot() {
    use raft::snapshot_part::Part;
    let part = |part| raft::SnapshotPart { part: Some(part) };
    let last_membership = raft::StoredMembership { log_id: log_id(1, 1, 1), membership: Some(membership()) };
    let header =
        raft::SnapshotHeader { vote: vote(), last_log_id: log_id(2, 1, 7), last_membership: Some(last_membership) };
    golden(
        part(Part::Header(header)),
        "0a650a0608031002180112060802100118071a530a0608011001180112490a040a0201020a030a0101121d080112190a076e313a39303930120e687474703a2f2f6e313a38303830121d080212190a076e323a39303930120e687474703a2f2f6e323a38303830",
    );
    golden(part(Part::Chunk(Bytes::from_static(b"frame"))), "12056672616d65");
    golden(raft::SnapshotResponse { vote: vote() }, "0a06080310021801");
}

#[test]
fn read_index() {
    use raft::read_index_response::{NoQuorum, NotLeader, Result as Answer};
    golden(raft::ReadIndexRequest { remaining_ms: 500 }, "08f403");
    let response = |answer| raft::ReadIndexResponse { result: Some(answer) };
    golden(response(Answer::Index(0)), "0800");
    golden(response(Answer::Index(300)), "08ac02");
    golden(response(Answer::NotLeader(NotLeader { leader: 2 })), "12020802");
    golden(response(Answer::NoQuorum(NoQuorum {})), "1a00");
}

#[test]
fn forwarding() {
    use forward::answer::Result;
    let requests = vec![Bytes::from_static(b"one"), Bytes::new()];
    golden(
        forward::Batch { sequence: 1, remaining_ms: 2000, requests: requests.clone(), traced: vec![] },
        "080110d00f1a036f6e651a00",
    );
    let answer = |result| forward::Answer { sequence: 1, result: Some(result) };
    golden(answer(Result::Answered(forward::Answered { outcomes: requests })), "080112070a036f6e650a00");
    golden(answer(Result::Unknown(forward::Unknown {})), "08012200");
    use forward::refused::Reason;
    let numbers =
        [Reason::NotLeader, Reason::NoQuorum, Reason::Overloaded, Reason::Expired, Reason::Stopping, Reason::TooLarge];
    assert_eq!(numbers.map(i32::from), [1, 2, 3, 4, 5, 6]);
    golden(
        answer(Result::Refused(forward::Refused { reason: Reason::NotLeader.into(), leader: 3 })),
        "08011a0408011003",
    );
}

#[test]
fn administration() {
    let incarnation = Bytes::from_static(&[7; 16]);
    let hello = admin::HelloRequest { cluster_id: "shop".into(), node_id: 2, incarnation: incarnation.clone() };
    golden(hello, "0a0473686f7010021a1007070707070707070707070707070707");
    let greeting = admin::HelloResponse {
        cluster_id: "shop".into(),
        node_id: 1,
        incarnation: incarnation.clone(),
        registered: incarnation.clone(),
        removed: false,
    };
    golden(greeting, "0a0473686f7010011a1007070707070707070707070707070707221007070707070707070707070707070707");
    golden(admin::StateHashRequest { index: 300 }, "08ac02");
    golden(
        admin::StateHashResponse { hash: incarnation.clone(), applied_index: 301 },
        "0a100707070707070707070707070707070710ad02",
    );
    let member = admin::MemberStatus { peer: "n1:9090".into(), http: "http://n1:8080".into(), voter: true };
    let follower = admin::FollowerStatus { matched_index: Some(0), lag: 4, heartbeat_age_ms: Some(12) };
    let status = admin::StatusResponse {
        node_id: 1,
        version: "0.1.0".into(),
        term: 3,
        leader: 1,
        role: "leader".into(),
        last_log_index: Some(9),
        committed_index: Some(8),
        applied_index: Some(7),
        snapshot_index: Some(6),
        purged_index: Some(0),
        members: [(1, member)].into(),
        followers: [(2, follower)].into(),
        quorum_age_ms: Some(11),
        incarnation,
        voted_for: 1,
        disk_full: true,
        disk_slow: true,
    };
    golden(
        status,
        "08011205302e312e30180320012a066c6561646572300938084007480650005a1f0801121b0a076e313a39303930120e687474703a2f2f6e313a383038301801620a0802120608001004180c680b7210070707070707070707070707070707077801800201880201",
    );
}

#[test]
fn limits_of_callers() {
    use limits::guess_request::Step;
    let subject = || Some(limits::Subject { policy: 2, name: Bytes::from_static(&[7; 16]) });
    let want = limits::Want { subject: subject(), wanted: 300, owed: 15, returned: 1 };
    golden(
        limits::LeaseRequest { wants: vec![want] },
        "0a1d0a14080212100707070707070707070707070707070710ac02180f2001",
    );
    let grants = vec![limits::Grant { granted: 3, left: 2, empty_ms: 0 }, limits::Grant::default()];
    golden(limits::LeaseResponse { grants }, "0a04080310020a00");
    let steps = [Step::Begin, Step::Right, Step::Dropped, Step::Look, Step::Wrong];
    assert_eq!(steps.map(i32::from), [1, 2, 3, 4, 5]);
    golden(
        limits::GuessRequest { step: Step::Begin.into(), subject: subject() },
        "080112140802121007070707070707070707070707070707",
    );
    golden(limits::GuessResponse { wait_ms: 4_000 }, "08a01f");
}
