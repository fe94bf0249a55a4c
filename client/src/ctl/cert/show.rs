use std::path::PathBuf;

use clap::Args;
use livedrop_certificates::{About, Holder};

use super::{Shown, clock, some};
use crate::ctl::context::Context;
use crate::ctl::trouble::{Exit, Stop};

/// From so many days before its end a certificate is warned of, as the nodes do.
const WARN_DAYS: i64 = 30;

#[derive(Debug, Args)]
pub struct Wanted {
    /// Certificates in PEM
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Shows each certificate. What it says is not proved: whoever uses it verifies who has signed it.
pub fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let now = clock::now();
    let (mut shown, mut rows) = (Vec::new(), Vec::new());
    for file in &wanted.files {
        let what = format!("{} cannot be shown", file.display());
        let failed = |why: String| Stop::trouble(Exit::Failed, &what, why, "name a certificate in PEM");
        let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
        let about = About::of_pem(&text).map_err(|error| failed(error.to_string()))?;
        let one = Shown::of(file, None, &about, now);
        rows.push(vec![file.display().to_string(), purpose(&about), some(&one.hosts), one.until.clone(), left(&one)]);
        shown.push(one);
    }
    context.output.list(&shown, &["FILE", "FOR", "HOSTS", "UNTIL", "LEFT"], rows)?;
    Ok(if shown.iter().any(|one| one.days_left < 0) { Exit::Failed } else { Exit::Ok })
}

fn purpose(about: &About) -> String {
    match &about.holder {
        Ok(Holder::Authority { cluster }) => format!("authority of {cluster}"),
        Ok(Holder::Node { cluster, node }) => format!("node {node} of {cluster}"),
        Ok(Holder::Client { cluster, role, who }) => format!("{who}, {role} of {cluster}"),
        Err(_) if about.is_authority => format!("an authority: {}", about.subject),
        Err(_) => about.subject.clone(),
    }
}

fn left(one: &Shown) -> String {
    match one.days_left {
        ..0 => "has ended".to_owned(),
        days @ 0..WARN_DAYS => format!("{days} days: make a new one"),
        days => format!("{days} days"),
    }
}
