//! Accounts and sign-in.

use livedrop_proto::rest::accounts::{Account, ChangePassword, CreateAccount, Jwks, Refresh, Session, SignIn};

use crate::call::Call;
use crate::{Client, Error};

impl Client {
    /// Refused with `email_taken`, `weak_password` or `invalid_request`.
    pub async fn create_account(&self, account: &CreateAccount) -> Result<Account, Error> {
        Ok(self.ask(Call::post("/v1/accounts", account)).await?.body)
    }

    /// Refused with `bad_credentials`, and with `too_many_requests` after too many of those.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Session, Error> {
        let body = SignIn { email: email.to_owned(), password: password.to_owned() };
        // Said twice it makes a session that nobody uses.
        let call = Call { harmless: true, ..Call::post("/v1/sessions", &body) };
        Ok(self.ask(call).await?.body)
    }

    /// Exchanges a refresh token for the next pair. It is good once: on `Error::Unanswered` sign in again.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Session, Error> {
        let body = Refresh { refresh_token: refresh_token.to_owned() };
        Ok(self.ask(Call::post("/v1/sessions/refresh", &body)).await?.body)
    }

    /// Ends the session of this client's token, on every node at once.
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.tell(Call::new(http::Method::DELETE, "/v1/sessions/current")).await
    }

    /// Ends every session of the account of this client's token, on every node at once.
    pub async fn sign_out_everywhere(&self) -> Result<(), Error> {
        self.tell(Call::new(http::Method::DELETE, "/v1/sessions")).await
    }

    /// Changes the password of this client's account and ends its other sessions.
    ///
    /// Refused with `bad_credentials`, `weak_password`, and with `too_many_requests` after too many of the first. When an
    /// answer was lost and the request repeated, `bad_credentials` may mean that it is changed.
    pub async fn change_password(&self, current: &str, new: &str) -> Result<(), Error> {
        let body = ChangePassword { current_password: current.to_owned(), new_password: new.to_owned() };
        self.tell(Call::new(http::Method::PUT, "/v1/me/password").with_body(&body)).await
    }

    /// The account of this client's token.
    pub async fn me(&self) -> Result<Account, Error> {
        Ok(self.ask(Call::get("/v1/me")).await?.body)
    }

    /// The keys that access tokens are verified with.
    pub async fn signing_keys(&self) -> Result<Jwks, Error> {
        Ok(self.ask(Call::get("/.well-known/jwks.json")).await?.body)
    }
}
