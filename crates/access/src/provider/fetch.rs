//! Asking the provider: one request, one answer, both bounded. Whoever speaks HTTP is handed in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::Refusal;

/// Bytes of an answer; a longer one is not read.
pub const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// How long one question may take, from the name of the machine to the last byte.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
/// Questions under way at the same time; who comes when all are taken is asked to try again.
pub const CALLS_MAX: usize = 16;

/// Speaks HTTP. Follows no redirect: where a provider does what is what it says about itself.
pub trait Fetch: fmt::Debug + Send + Sync {
    /// Asks, and waits for the answer, for at most [`ANSWER_WAIT_MAX`] and [`ANSWER_BYTES_MAX`].
    fn fetch(&self, call: &Call) -> Result<Answer, Trouble>;
}

/// A question.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// To where.
    pub url: String,
    /// `Authorization`, when there is one.
    pub authorization: Option<String>,
    /// The form to send; without one the question is a GET.
    pub form: Option<String>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest are secrets.
        write!(f, "Call({})", self.url)
    }
}

/// An answer, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Not within [`ANSWER_WAIT_MAX`].
    #[error("it did not answer within {} seconds", ANSWER_WAIT_MAX.as_secs())]
    TimedOut,
    /// More than [`ANSWER_BYTES_MAX`].
    #[error("its answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// The name, the connection, TLS, or HTTP itself.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
}

/// Asks without holding up anybody else, and only so many questions at the same time.
#[derive(Debug)]
pub(crate) struct Caller {
    fetch: Arc<dyn Fetch>,
    free: Arc<Semaphore>,
}

impl Caller {
    pub(crate) fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, free: Arc::new(Semaphore::new(CALLS_MAX)) }
    }

    /// One answer, whatever its status.
    pub(crate) async fn ask(&self, call: Call) -> Result<Answer, Refusal> {
        let Ok(turn) = Arc::clone(&self.free).try_acquire_owned() else { return Err(Refusal::Busy) };
        let fetch = Arc::clone(&self.fetch);
        let fetched = tokio::task::spawn_blocking(move || {
            // The question goes on when nobody waits for its answer any more, and so does its turn.
            let _turn = turn;
            fetch.fetch(&call)
        })
        .await;
        let fetched = fetched.map_err(|_| Trouble::Unreachable("the question was given up".into()));
        Ok(fetched.and_then(|answer| answer)?)
    }

    /// The bytes of a document that is simply there.
    pub(crate) async fn document(&self, url: String) -> Result<Vec<u8>, Refusal> {
        let answer = self.ask(Call { url, authorization: None, form: None }).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(Refusal::Status(answer.status)) }
    }
}

/// An answer as JSON.
pub(crate) fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Unreadable("is not JSON"))
}
