//! `cert`: the certificates of a cluster's nodes and operators. It asks no node.

mod authority;
mod client;
mod clock;
mod node;
mod show;

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use livedrop_certificates::{About, Authority, Exists, Location, Pair, write_pair};
use serde::Serialize;

use super::context::Context;
use super::trouble::{Exit, Stop};

/// The name of the authority's files.
const AUTHORITY: &str = "authority";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes the authority of a cluster, whose key signs all the others: keep that key away from the nodes
    Authority(authority::Wanted),
    /// Makes the certificate of one node, which no other node can use
    Node(node::Wanted),
    /// Makes the certificate of a person who looks at the cluster or runs it
    Client(client::Wanted),
    /// Shows what a certificate is for and when it ends; exit code 1 when it has ended
    Show(show::Wanted),
}

/// Where files are.
#[derive(Debug, Args)]
pub struct Folder {
    /// The folder that the files are written to; made when it does not exist
    #[arg(long, env = "LIVEDROPCTL_CERTIFICATES", value_name = "DIR", default_value = "certificates")]
    dir: PathBuf,
}

/// Who signs, and for how long.
#[derive(Debug, Args)]
pub struct Signer {
    /// The folder with authority.pem and authority.key [default: that of --dir]
    #[arg(long, value_name = "DIR")]
    authority_dir: Option<PathBuf>,
    /// The cluster, as cluster.id says [default: the authority's]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
}

pub fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Authority(wanted) => authority::run(context, wanted),
        Command::Node(wanted) => node::run(context, wanted),
        Command::Client(wanted) => client::run(context, wanted),
        Command::Show(wanted) => show::run(context, wanted),
    }
}

/// Opens the authority whose files are in a folder.
fn open(signer: &Signer, folder: &Folder) -> Result<Authority, Stop> {
    let directory = signer.authority_dir.as_ref().unwrap_or(&folder.dir);
    let location = Location::in_directory(directory, AUTHORITY);
    let what = format!("the authority in {} cannot be used", directory.display());
    let advice = "make one with `livedropctl cert authority`, or name its folder with --authority-dir";
    let read = |path: &Path| {
        let text = livedrop_certificates::read_private(path);
        text.map_err(|error| Stop::trouble(Exit::Failed, &what, format!("{}: {error}", path.display()), advice))
    };
    let certificate = std::fs::read_to_string(&location.certificate).map_err(|error| {
        Stop::trouble(Exit::Failed, &what, format!("{}: {error}", location.certificate.display()), advice)
    })?;
    let key = read(&location.key)?;
    Authority::open(&certificate, &key).map_err(|error| Stop::trouble(Exit::Failed, &what, error.to_string(), advice))
}

/// What `-o json` shows of a certificate.
#[derive(Debug, Serialize)]
struct Shown {
    certificate: PathBuf,
    /// Null where only the certificate was looked at.
    key: Option<PathBuf>,
    /// `livedrop://…`; null when the certificate is not one of ours.
    name: Option<String>,
    subject: String,
    issuer: String,
    hosts: Vec<String>,
    from: String,
    until: String,
    /// Whole days until it ends; negative when it has ended.
    days_left: i64,
    sha256: String,
}

impl Shown {
    fn of(certificate: &Path, key: Option<&Path>, about: &About, now: u64) -> Self {
        Shown {
            certificate: certificate.to_owned(),
            key: key.map(Path::to_owned),
            name: about.holder.as_ref().map(ToString::to_string).ok(),
            subject: about.subject.clone(),
            issuer: about.issuer.clone(),
            hosts: about.hosts.clone(),
            from: about.from_shown(),
            until: about.until_shown(),
            days_left: (about.until.cast_signed() - now.cast_signed()).div_euclid(86_400),
            sha256: about.fingerprint.clone(),
        }
    }
}

/// Writes a pair to its folder and tells where, and what it is.
fn write(context: &Context, folder: &Folder, name: &str, pair: &Pair) -> Result<Exit, Stop> {
    let location = Location::in_directory(&folder.dir, name);
    let what = format!("{} cannot be written", location.certificate.display());
    let failed = |error: io::Error| {
        let exists = error.get_ref().is_some_and(|inside| inside.is::<Exists>());
        let advice = if exists {
            "nothing was written; move the old files away first, or name another --dir"
        } else {
            "name a folder that can be written with --dir"
        };
        Stop::trouble(Exit::Failed, &what, error.to_string(), advice)
    };
    std::fs::create_dir_all(&folder.dir).map_err(failed)?;
    write_pair(&location, pair).map_err(failed)?;
    let about = About::of_pem(&pair.certificate).expect("what was made just now can be read");
    let shown = Shown::of(&location.certificate, Some(&location.key), &about, clock::now());
    let fields = vec![
        ("certificate", location.certificate.display().to_string()),
        ("key", location.key.display().to_string()),
        ("name", shown.name.clone().unwrap_or_default()),
        ("hosts", some(&shown.hosts)),
        ("until", shown.until.clone()),
    ];
    context.output.record(&shown, fields.into_iter().filter(|(_, value)| !value.is_empty()).collect())?;
    Ok(Exit::Ok)
}

fn some(hosts: &[String]) -> String {
    hosts.join(", ")
}

/// What was asked for cannot be made.
fn refused(what: &str, error: &livedrop_certificates::Error) -> Stop {
    Stop::trouble(Exit::Usage, what, error.to_string(), "see --help")
}
