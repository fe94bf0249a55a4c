//! Who is refused at the peer port, with which reason.

use std::io::Write;
use std::sync::{Arc, Mutex};

use livedrop_certificates::{Pair, Period, Role};
use livedrop_node::raft::{Gate, Identity, serve};
use livedrop_proto::admin::HelloRequest;
use livedrop_proto::admin::admin_client::AdminClient;
use livedrop_proto::forward::forward_client::ForwardClient;
use livedrop_proto::limits::LeaseRequest;
use livedrop_proto::limits::limits_client::LimitsClient;
use livedrop_proto::operate::operate_client::OperateClient;
use livedrop_proto::operate::{MembersRequest, TransferLeaderRequest};
use livedrop_proto::raft::VoteRequest;
use livedrop_proto::raft::raft_client::RaftClient;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use super::certificates::{Certificates, today};
use super::cluster::CLUSTER;

/// The listener of node 1, which has not begun yet: whoever it lets in is told so.
struct Door {
    certificates: Certificates,
    address: String,
    _stop: tokio_util::sync::DropGuard,
}

impl Door {
    async fn open() -> Self {
        let certificates = Certificates::of_a_company(CLUSTER);
        certificates.put_node(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let identity = Identity { cluster_id: CLUSTER.into(), node_id: 1, incarnation: [1; 16] };
        let gate = Gate::new(identity, Arc::new(|_| None), Some(certificates.tls(1)));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, gate, stop.clone().cancelled_owned()));
        Self { certificates, address, _stop: stop.drop_guard() }
    }

    /// A connection that shows this certificate, if any.
    fn channel(&self, pair: Option<&Pair>) -> Channel {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.certificates.authority()));
        if let Some(pair) = pair {
            tls = tls.identity(tonic::transport::Identity::from_pem(&pair.certificate, &pair.key));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(tls).unwrap().connect_lazy()
    }

    fn node(&self, id: u64) -> Pair {
        self.certificates.signed(|authority| authority.node(Some(CLUSTER), id, &[], today()).unwrap())
    }

    fn person(&self, role: Role) -> Pair {
        self.certificates.signed(|authority| authority.client(Some(CLUSTER), role, "anna", today()).unwrap())
    }

    async fn hello(&self, pair: Option<&Pair>, as_node: u64) -> Status {
        let hello = HelloRequest { cluster_id: CLUSTER.into(), node_id: as_node, incarnation: vec![2; 16].into() };
        AdminClient::new(self.channel(pair)).hello(introduced(hello, as_node)).await.expect_err("it has not begun")
    }
}

/// A call as node `from` makes it to node 1.
fn introduced<T>(message: T, from: u64) -> Request<T> {
    let mut request = Request::new(message);
    introduce(request.metadata_mut(), from);
    request
}

fn introduce(metadata: &mut MetadataMap, from: u64) {
    metadata.insert("livedrop-cluster", CLUSTER.parse().unwrap());
    metadata.insert("livedrop-node", from.into());
    metadata.insert("livedrop-incarnation", "02".repeat(16).parse().unwrap());
    metadata.insert("livedrop-to", 1.into());
}

fn is_let_in(status: &Status) -> bool {
    status.code() == Code::Unavailable && status.message() == "node 1 is starting"
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All of it runs on one thread, and so are the metrics and the log of this test.
#[tokio::test]
async fn each_refusal_has_its_reason_in_the_log_and_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let (handle, log) = (recorder.handle(), Log::default());
    let _metrics = metrics::set_default_local_recorder(&recorder);
    let subscriber = {
        let log = log.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish()
    };
    let _log = tracing::subscriber::set_default(subscriber);

    let door = Door::open().await;
    assert!(is_let_in(&door.hello(Some(&door.node(2)), 2).await), "a node of the cluster is let in");
    assert_eq!(log.take(), "");

    let ended = Period { from: 1_000_000_000, until: 1_000_100_000 };
    let later = Period { from: today().until - 7_200, until: today().until };
    let stranger = Certificates::of(CLUSTER);
    let of = |cluster: &str, period| door.certificates.signed(|it| it.node(Some(cluster), 2, &[], period).unwrap());
    let cases = [
        ("no_certificate", None),
        ("other_authority", Some(stranger.signed(|it| it.node(None, 2, &[], today()).unwrap()))),
        ("other_cluster", Some(of("other-shop", today()))),
        ("expired", Some(of(CLUSTER, ended))),
        ("not_yet_valid", Some(of(CLUSTER, later))),
        ("other_node", Some(door.node(3))),
        ("person", Some(door.person(Role::Operator))),
    ];
    let count = |reason: &str| {
        let line = format!("livedrop_tls_refused_total{{at=\"peer_listener\",reason=\"{reason}\"}} ");
        let rendered = handle.render();
        rendered.lines().find_map(|found| found.strip_prefix(&line)).map_or(0, |count| count.parse::<u64>().unwrap())
    };
    for (reason, pair) in cases {
        let status = door.hello(pair.as_ref(), 2).await;
        assert!(!is_let_in(&status), "{reason}: {status:?}");
        // The answer and the count may cross.
        while count(reason) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(count(reason), 1, "{reason}");
        let said = log.take();
        assert!(said.contains(&format!("reason=\"{reason}\"")), "{reason}: {said}");
    }
    refuses_people_everywhere(&door).await;
    assert_eq!(count("person"), 5);
    assert_eq!(log.take(), "", "the same reason is not told again at once");
}

/// A person has no business with what nodes ask of each other. Part of the test above: what is told of one reason is
/// told for all of the process.
async fn refuses_people_everywhere(door: &Door) {
    let operator = door.person(Role::Operator);
    let channel = door.channel(Some(&operator));
    let refused = [
        RaftClient::new(channel.clone()).vote(introduced(VoteRequest::default(), 2)).await.map(drop),
        ForwardClient::new(channel.clone()).propose(introduced(tokio_stream::empty(), 2)).await.map(drop),
        LimitsClient::new(channel.clone()).lease(introduced(LeaseRequest::default(), 2)).await.map(drop),
    ];
    for status in refused.map(|answer| answer.expect_err("only nodes may")) {
        assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
        assert!(status.message().contains("livedrop://test-shop/client/operator/anna"), "{status:?}");
    }
    // Saying to be a node that passes a call on does not help.
    let mut passed_on = introduced(TransferLeaderRequest::default(), 2);
    passed_on.metadata_mut().insert("livedrop-caller", "operator".parse().unwrap());
    let viewer = door.channel(Some(&door.person(Role::Viewer)));
    let status = OperateClient::new(viewer).transfer_leader(passed_on).await.map(drop).expect_err("a viewer may not");
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
}

#[tokio::test]
async fn the_role_is_that_of_the_certificate() {
    let door = Door::open().await;
    let ask = async |pair: &Pair, change: bool| {
        let mut client = OperateClient::new(door.channel(Some(pair)));
        match change {
            true => client.transfer_leader(TransferLeaderRequest::default()).await.map(drop),
            false => client.members(MembersRequest {}).await.map(drop),
        }
        .expect_err("it has not begun")
    };
    let (viewer, operator, node) = (door.person(Role::Viewer), door.person(Role::Operator), door.node(2));
    assert!(is_let_in(&ask(&viewer, false).await) && is_let_in(&ask(&operator, false).await));
    assert!(is_let_in(&ask(&operator, true).await));
    let refused = ask(&viewer, true).await;
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("viewers may look"), "{refused:?}");
    let refused = ask(&node, false).await;
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("this is for operators"), "{refused:?}");
}
