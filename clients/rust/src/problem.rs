//! Errors as the gateway tells them: RFC 9457 problem details.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::state::State;

/// How much of an answer that is no problem document is shown in its place.
const MAX_DETAIL_CHARS: usize = 500;

/// An error that the gateway answered with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Problem {
    /// Short name: the last part of the `type` URI, such as `unknown-task`. Empty when the answer was no problem document.
    pub name: String,
    /// What this kind of problem is called.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// What is wrong with the request, and where.
    pub errors: Vec<FieldError>,
    /// How long to wait before the next try.
    pub retry_after: Option<Duration>,
    /// The task or workflow that it is about.
    pub id: Option<String>,
    /// Why the task failed.
    pub task_error: Option<TaskError>,
    /// The body of the answer.
    pub raw: String,
}

/// One thing that is wrong with a request's body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// JSON Pointer into the body.
    #[serde(default)]
    pub pointer: String,
    /// What is wrong there.
    #[serde(default)]
    pub detail: String,
}

/// The exception that a task ended with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskError {
    /// Class of the exception.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Module of the class.
    #[serde(default)]
    pub module: String,
    /// Its text.
    #[serde(default)]
    pub message: String,
    /// Where it was raised, if the gateway shows that.
    #[serde(default)]
    pub traceback: Option<String>,
}

/// Kinds of problems that callers usually tell apart; [`Problem::name`] is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The task ended in FAILURE.
    TaskFailed,
    /// The task was revoked, or expired.
    TaskRevoked,
    /// 401: no credential, or a wrong one.
    Unauthorized,
    /// 403: the credential is not good for this.
    Forbidden,
    /// The gateway knows no task or workflow of this id.
    UnknownTask,
    /// The body is not a valid request; [`Problem::errors`] says where.
    InvalidArguments,
    /// 429: too much for now.
    Quota,
    /// 503: the gateway, its broker or a store cannot take it now.
    Unavailable,
    /// Anything else.
    Other,
}

impl Problem {
    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        match (self.name.as_str(), self.status) {
            ("task-failed", _) => ProblemKind::TaskFailed,
            ("task-revoked", _) => ProblemKind::TaskRevoked,
            ("unknown-task", _) => ProblemKind::UnknownTask,
            ("invalid-arguments", _) => ProblemKind::InvalidArguments,
            (_, 401) => ProblemKind::Unauthorized,
            (_, 403) => ProblemKind::Forbidden,
            (_, 429) => ProblemKind::Quota,
            (_, 503) => ProblemKind::Unavailable,
            _ => ProblemKind::Other,
        }
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.status, 429 | 502..=504) || self.name == "idempotency-in-progress"
    }

    /// Reads an answer. Whatever it is, a problem comes out of it.
    pub(crate) fn parse(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(body).into_owned();
        let document: Document = serde_json::from_str(&raw).unwrap_or_default();
        let detail = document.detail.unwrap_or_else(|| raw.chars().take(MAX_DETAIL_CHARS).collect());
        Self {
            name: short_name(&document.uri).to_owned(),
            title: document.title.unwrap_or_else(|| format!("HTTP {status}")),
            status,
            detail,
            errors: document.errors,
            retry_after,
            id: document.id,
            task_error: document.error,
            raw,
        }
    }

    /// The problem that the gateway would answer with if it were asked for the result.
    pub(crate) fn of_ended(id: &str, state: &State, error: Option<&TaskError>) -> Self {
        let (name, title) = match state {
            State::Revoked => ("task-revoked", "The task was revoked"),
            _ => ("task-failed", "The task failed"),
        };
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            status: 424,
            detail: error.map(|error| error.message.clone()).unwrap_or_default(),
            errors: Vec::new(),
            retry_after: None,
            id: Some(id.to_owned()),
            task_error: error.cloned(),
            raw: String::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.title, self.status, self.detail)
    }
}

impl std::error::Error for Problem {}

/// The members of a problem document that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    #[serde(rename = "type")]
    uri: String,
    title: Option<String>,
    detail: Option<String>,
    errors: Vec<FieldError>,
    id: Option<String>,
    error: Option<TaskError>,
}

/// The last part of a type URI, be it a path or a fragment.
fn short_name(uri: &str) -> &str {
    uri.rsplit(['/', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_is_read() {
        let body = br#"{"type":"/problems/task-failed","title":"The task failed","status":424,"detail":"no stock",
            "id":"a1","error":{"type":"Error","module":"builtins","message":"no stock","args":["no stock"]}}"#;
        let problem = Problem::parse(424, None, body);
        assert_eq!(problem.kind(), ProblemKind::TaskFailed);
        assert_eq!(problem.id.as_deref(), Some("a1"));
        assert_eq!(problem.task_error.unwrap().message, "no stock");
    }

    #[test]
    fn names_may_be_fragments() {
        let problem =
            Problem::parse(429, None, br#"{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded"}"#);
        assert_eq!(problem.name, "quota-exceeded");
        assert_eq!(problem.kind(), ProblemKind::Quota);
    }

    #[test]
    fn any_other_answer_becomes_a_problem_too() {
        let problem = Problem::parse(502, None, b"<h1>Bad gateway</h1>");
        assert_eq!(problem.to_string(), "HTTP 502 (502): <h1>Bad gateway</h1>");
        assert_eq!(problem.name, "");
        assert!(problem.is_transient());
    }
}
