//! One value of everything that is stored and said of caches in front of the cluster.

use livedrop_domain::cdn::{Command, Cursor, Rejection, Reply, Told};
use livedrop_domain::{self as domain};

pub fn commands() -> Vec<domain::Command> {
    vec![Command::Told(told()).into()]
}

pub fn replies() -> Vec<domain::Reply> {
    vec![Reply::Told { cursor: 6 }.into()]
}

pub fn rejections() -> Vec<domain::Rejection> {
    vec![Rejection::OtherCursor { cursor: 6 }.into(), Rejection::BadField.into()]
}

pub fn told() -> Told {
    Told { from: 0, through: 6 }
}

pub fn cursor() -> Cursor {
    Cursor { through: 6 }
}
