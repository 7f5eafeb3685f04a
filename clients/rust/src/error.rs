//! Everything that can go wrong.

use std::time::Duration;

use crate::problem::{Problem, ProblemKind};
use crate::state::State;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The gateway answered with an error; or the task that was asked about failed.
    #[error(transparent)]
    Problem(#[from] Box<Problem>),
    /// No answer came: the connection failed, was cut, or took too long.
    #[error("the gateway did not answer: {0}")]
    Network(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It had not ended when the caller's time was over; it goes on all the same.
    #[error("{path} has not ended within {timeout:?}")]
    Timeout {
        /// The task or workflow, as a path of the gateway.
        path: String,
        /// What the caller was ready to wait.
        timeout: Duration,
    },
    /// A result was asked of something that was still on its way when the gateway was asked.
    #[error("there is no result yet: the state was {0}")]
    NotEnded(State),
    /// The answer is not what was expected, or the result does not fit the type asked for.
    #[error("the answer cannot be read: {0}")]
    Decode(#[source] serde_json::Error),
    /// Arguments have no JSON form.
    #[error("the request has no JSON form: {0}")]
    Encode(#[source] serde_json::Error),
    /// The answer is larger than a client reads.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// The client cannot be built, or a request not be made, with what it was given.
    #[error("{0}")]
    Configuration(String),
}

impl Error {
    /// The problem that the gateway answered with.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// What kind of problem the gateway answered with.
    #[must_use]
    pub fn kind(&self) -> Option<ProblemKind> {
        self.problem().map(Problem::kind)
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.is_transient(),
            Self::Network(_) => true,
            _ => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.problem().and_then(|problem| problem.retry_after)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}
