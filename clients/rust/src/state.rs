//! States of tasks and workflows.

use std::fmt;

use serde::Deserialize;

/// A state: Celery's, the gateway's own two, or one that a task gave itself, such as `PROGRESS`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum State {
    /// Sent, and nothing was heard yet.
    Pending,
    /// The gateway holds it until its time.
    Scheduled,
    /// A worker has it.
    Received,
    /// It runs.
    Started,
    /// It failed, and will be tried again.
    Retry,
    /// It returned a result.
    Success,
    /// It failed.
    Failure,
    /// It was called off, or expired.
    Revoked,
    /// Nothing was heard for long; something still may be.
    Lost,
    /// Any other.
    #[serde(untagged)]
    Other(String),
}

impl State {
    /// As the gateway writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Scheduled => "SCHEDULED",
            Self::Received => "RECEIVED",
            Self::Started => "STARTED",
            Self::Retry => "RETRY",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Revoked => "REVOKED",
            Self::Lost => "LOST",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
