//! What operators put before a cluster: Varnish, HAProxy and nginx, real processes with the files of `cluster-config/edge`, which
//! are written to be taken home.

mod daemon;
mod haproxy;
mod nginx;
mod varnish;

pub(crate) use daemon::find;
pub use haproxy::Haproxy;
pub use nginx::Nginx;
pub use varnish::Varnish;

/// Why a proof of what stands before a cluster cannot run here: the programs are other people's.
#[derive(Debug)]
pub struct NotHere(pub String);

impl std::fmt::Display for NotHere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not installed; `.ci/set-up edge` and `.ci/set-up watch` do it where apt is", self.0)
    }
}

impl std::error::Error for NotHere {}

/// Puts the ports of a cluster in the place of those of `make demo`, which the files name. Panics when a file does not
/// name one of them: then it would speak to nobody.
fn at_ports(file: &str, urls: &[String]) -> String {
    let mut at_ports = file.to_owned();
    for (place, url) in urls.iter().enumerate() {
        let (demo, port) = (8_081 + place, url.rsplit(':').next().unwrap_or_default());
        let (in_vcl, in_cfg) = (format!("\"{demo}\""), format!("127.0.0.1:{demo}"));
        assert!(at_ports.contains(&in_vcl) || at_ports.contains(&in_cfg), "the file names no port {demo}");
        at_ports = at_ports.replace(&in_vcl, &format!("\"{port}\"")).replace(&in_cfg, &format!("127.0.0.1:{port}"));
    }
    at_ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_the_demo_become_those_of_the_cluster() {
        let urls = ["http://127.0.0.1:12001".to_owned(), "http://127.0.0.1:12003".to_owned()];
        assert_eq!(at_ports(".port = \"8081\"; .port = \"8082\";", &urls), ".port = \"12001\"; .port = \"12003\";");
        assert_eq!(at_ports("a 127.0.0.1:8081\nb 127.0.0.1:8082", &urls), "a 127.0.0.1:12001\nb 127.0.0.1:12003");
    }
}
