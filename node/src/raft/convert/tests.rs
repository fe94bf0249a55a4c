use bytes::Bytes;
use openraft::raft::{
    AppendEntriesRequest, SnapshotResponse, StreamAppendError, TransferLeaderError, TransferLeaderRequest, VoteRequest,
    VoteResponse,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use super::*;

fn votes() -> impl Strategy<Value = Vote> {
    (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(term, node_id, committed)| {
        let leader_id = LeaderIdOf::<TypeConfig> { term, node_id };
        Vote { leader_id, committed }
    })
}

fn log_ids() -> impl Strategy<Value = LogId> {
    (any::<u64>(), any::<u64>(), any::<u64>())
        .prop_map(|(term, node_id, index)| LogId::new(CommittedLeaderIdOf::<TypeConfig> { term, node_id }, index))
}

/// Memberships with one or two sets of voters, and learners.
fn memberships() -> impl Strategy<Value = Members> {
    let member =
        ("[a-z0-9.]{1,12}:[0-9]{1,5}", "http://[a-z0-9.]{1,12}").prop_map(|(peer, http)| Member { peer, http });
    let configs = vec(btree_set(0..9u64, 1..5), 1..3);
    (configs, btree_map(0..12u64, member.clone(), 0..5), member).prop_map(|(configs, mut nodes, member)| {
        for voter in configs.iter().flatten() {
            nodes.entry(*voter).or_insert_with(|| member.clone());
        }
        Members::new(configs, nodes).expect("every voter has an address")
    })
}

fn entries() -> impl Strategy<Value = Entry> {
    let payload = prop_oneof![
        Just(EntryPayload::Blank),
        vec(any::<u8>(), 0..200).prop_map(|bytes| EntryPayload::Normal(Payload(Bytes::from(bytes)))),
        memberships().prop_map(EntryPayload::Membership),
    ];
    (log_ids(), payload).prop_map(|(log_id, payload)| Entry { log_id, payload })
}

/// What arrives at the other end.
fn sent<M: Message + Default>(message: M) -> M {
    M::decode(Bytes::from(message.encode_to_vec())).unwrap()
}

proptest! {
    #[test]
    fn an_append_request_arrives_as_it_was_sent(
        vote in votes(),
        prev in option::of(log_ids()),
        commit in option::of(log_ids()),
        entries in vec(entries(), 0..6),
    ) {
        let request = AppendEntriesRequest::<TypeConfig> { vote, prev_log_id: prev, leader_commit: commit, entries };
        let arrived = append_from_pb(sent(append_to_pb(request.clone()))).unwrap();
        prop_assert_eq!(arrived.vote, request.vote);
        prop_assert_eq!(arrived.prev_log_id, request.prev_log_id);
        prop_assert_eq!(arrived.leader_commit, request.leader_commit);
        prop_assert_eq!(arrived.entries, request.entries);
    }

    #[test]
    fn an_append_answer_arrives_as_it_was_sent(matched in option::of(log_ids()), at in log_ids(), vote in votes()) {
        for answer in [Ok(matched), Err(StreamAppendError::Conflict(at)), Err(StreamAppendError::HigherVote(vote))] {
            prop_assert_eq!(appended_from_pb(sent(appended_to_pb(answer.clone()))).unwrap(), answer);
        }
    }

    #[test]
    fn votes_arrive_as_they_were_sent(
        vote in votes(),
        last in option::of(log_ids()),
        transfer in any::<bool>(),
        granted in any::<bool>(),
    ) {
        let request = VoteRequest::<TypeConfig> { vote, last_log_id: last, leadership_transfer: transfer };
        prop_assert_eq!(vote_request_from_pb(sent(vote_request_to_pb(&request))).unwrap(), request);
        let response = VoteResponse::<TypeConfig>::new(vote, last, granted);
        prop_assert_eq!(vote_response_from_pb(sent(vote_response_to_pb(&response))).unwrap(), response);
    }

    #[test]
    fn a_transfer_arrives_as_it_was_sent(
        from in votes(),
        to in any::<u64>(),
        last in option::of(log_ids()),
        actual in option::of(log_ids()),
    ) {
        let request = TransferLeaderRequest::<TypeConfig>::new(from, to, last);
        prop_assert_eq!(transfer_from_pb(sent(transfer_to_pb(&request))).unwrap(), request);
        for answer in [
            Ok(()),
            Err(TransferLeaderError::VoteChanged { expected: from, actual: Vote::new(from.leader_id.term, to) }),
            Err(TransferLeaderError::LogNotFlushed { expected: last, actual }),
        ] {
            prop_assert_eq!(transferred_from_pb(sent(transferred_to_pb(answer.clone()))).unwrap(), answer);
        }
    }

    #[test]
    fn a_snapshot_header_arrives_as_it_was_sent(
        vote in votes(),
        last_log_id in option::of(log_ids()),
        changed_at in option::of(log_ids()),
        members in option::of(memberships()),
    ) {
        let last_membership = StoredMembership::new(changed_at, members.unwrap_or_default());
        let meta = SnapshotMeta { last_log_id, last_membership };
        prop_assert_eq!(snapshot_header_from_pb(sent(snapshot_header_to_pb(&vote, &meta))).unwrap(), (vote, meta));
        let installed = SnapshotResponse::<TypeConfig>::new(vote);
        prop_assert_eq!(installed_from_pb(sent(installed_to_pb(&installed))).unwrap(), installed);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..300)) {
        // Whether they are a message does not matter.
        if let Ok(message) = pb::AppendRequest::decode(&bytes[..]) {
            let _ = append_from_pb(message);
        }
        if let Ok(header) = pb::SnapshotHeader::decode(&bytes[..]) {
            let _ = snapshot_header_from_pb(header);
        }
    }
}

#[test]
fn an_entry_read_from_a_message_shares_its_bytes() {
    let command = Bytes::from(vec![7; 1000]);
    let entry = pb::Entry {
        log_id: Some(pb::LogId { term: 1, node_id: 1, index: 1 }),
        payload: Some(pb::entry::Payload::Command(command)),
    };
    let message = Bytes::from(entry.encode_to_vec());
    let within = message.as_ptr_range();
    let EntryPayload::Normal(Payload(bytes)) = entry_from_pb(pb::Entry::decode(message).unwrap()).unwrap().payload
    else {
        panic!("it is a command");
    };
    assert!(within.contains(&bytes.as_ptr()));
}

#[test]
fn a_message_that_lacks_its_vote_is_rejected() {
    let error = append_from_pb(pb::AppendRequest::default()).unwrap_err();
    assert_eq!(error.to_string(), "AppendRequest.vote is missing");
}

#[test]
fn a_voter_without_an_address_is_rejected() {
    let membership = pb::Membership { configs: vec![pb::Voters { node_ids: vec![1] }], nodes: [].into() };
    assert!(matches!(membership_from_pb(membership), Err(Malformed::Membership(_))));
}
