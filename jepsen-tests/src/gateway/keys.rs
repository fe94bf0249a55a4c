//! Idempotency keys as Stripe has them (<https://docs.stripe.com/api/idempotent_requests>): the first answer is kept,
//! failures included, and given again to the same key; other parameters or another endpoint under the same key are an
//! error; two calls with one key at one time conflict.

use std::collections::HashMap;

use super::answer::Answer;

/// The keys that were used. They are kept for as long as the double lives; Stripe keeps them for a day at least.
#[derive(Default)]
pub struct Keys {
    used: HashMap<String, Used>,
}

/// One key's first use.
struct Used {
    endpoint: String,
    parameters: Vec<(String, String)>,
    /// None while the call is at work.
    answer: Option<Answer>,
}

/// What a key says about a call.
pub enum Claim {
    /// The call is the first: do it.
    First,
    /// It was done before, and this was the answer.
    Again(Answer),
    /// It must not be done.
    Wrong(Answer),
}

impl Keys {
    pub fn claim(&mut self, key: &str, endpoint: &str, parameters: &[(String, String)]) -> Claim {
        let Some(used) = self.used.get(key) else {
            let used = Used { endpoint: endpoint.to_owned(), parameters: parameters.to_vec(), answer: None };
            self.used.insert(key.to_owned(), used);
            return Claim::First;
        };
        if used.endpoint != endpoint || used.parameters != parameters {
            let message = "Keys for idempotent requests can only be used with the same endpoint and parameters";
            return Claim::Wrong(Answer::invalid(400, "idempotency_error", "idempotency_key_reused", message));
        }
        match &used.answer {
            Some(answer) => Claim::Again(answer.clone()),
            None => Claim::Wrong(Answer::invalid(
                409,
                "idempotency_error",
                "idempotency_key_in_use",
                "There is currently another in-progress request using this key",
            )),
        }
    }

    /// Keeps the first answer, or forgets the key when the answer is of the kind that is not kept.
    pub fn settle(&mut self, key: &str, answer: &Answer) {
        if !answer.is_kept {
            self.used.remove(key);
        } else if let Some(used) = self.used.get_mut(key) {
            used.answer = Some(answer.clone());
        }
    }
}
