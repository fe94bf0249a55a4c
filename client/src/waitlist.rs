//! Waiting lines for what is sold out.

use http::Method;
use livedrop_proto::rest::problem::code;
use livedrop_proto::rest::waitlist::{JoinWaitlist, WaitlistPlace};

use crate::call::{Call, segment};
use crate::{Client, Error};

impl Client {
    /// Takes a place in line, or keeps it. Of an open offer, says what it is.
    ///
    /// Refused with `units_available`, `already_waiting`, `limit_reached`, `line_full`, `drop_ended`, `drop_not_open`,
    /// `not_found`.
    pub async fn join_waitlist(&self, drop: &str, join: &JoinWaitlist) -> Result<WaitlistPlace, Error> {
        Ok(self.ask(Call::new(Method::PUT, path(drop)).with_body(join)).await?.body)
    }

    /// The own place in line, or the open offer that it came to; none without either.
    pub async fn waitlist_place(&self, drop: &str) -> Result<Option<WaitlistPlace>, Error> {
        match self.ask(Call::get(path(drop))).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(error) if error.status() == Some(404) && error.code() == Some(code::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the own place up. An offer stays.
    pub async fn leave_waitlist(&self, drop: &str) -> Result<(), Error> {
        self.tell(Call::new(Method::DELETE, path(drop))).await
    }
}

fn path(drop: &str) -> String {
    format!("/v1/drops/{}/waitlist", segment(drop))
}
