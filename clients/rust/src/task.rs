//! What the gateway says of a task.

use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::json;
use crate::problem::{Problem, TaskError};
use crate::state::State;

/// A task as it was when the gateway was asked.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Its name, if the gateway knows it.
    #[serde(rename = "task")]
    pub name: Option<String>,
    /// Its state.
    pub state: State,
    /// Nothing will change any more.
    #[serde(default)]
    pub terminal: bool,
    /// Why it failed.
    pub error: Option<TaskError>,
    /// How often it was tried again.
    pub retries: Option<u64>,
    /// Who runs it, or did.
    pub worker: Option<String>,
    /// Where it was sent.
    pub queue: Option<String>,
    /// Words by which it can be found.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Earliest time to run (RFC 3339).
    pub eta: Option<String>,
    /// When the gateway took it (RFC 3339).
    pub submitted_at: Option<String>,
    /// When it ended (RFC 3339).
    pub done_at: Option<String>,
    result: Option<Box<RawValue>>,
    meta: Option<Box<RawValue>>,
}

impl Task {
    /// What it returned.
    ///
    /// # Errors
    /// A [`Problem`] when it ended without a result, [`Error::NotEnded`] when it had not ended, [`Error::Decode`] when the result
    /// is of another type.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T> {
        match self.state {
            State::Success => json::decode_raw(self.result.as_deref()),
            _ if self.terminal => Err(Problem::of_ended(&self.id, &self.state, self.error.as_ref()).into()),
            _ => Err(Error::NotEnded(self.state.clone())),
        }
    }

    /// What it says of itself while it runs, such as its progress; `null` when it says nothing.
    ///
    /// # Errors
    /// [`Error::Decode`] when it is of another type.
    pub fn meta<T: DeserializeOwned>(&self) -> Result<T> {
        json::decode_raw(self.meta.as_deref())
    }
}
