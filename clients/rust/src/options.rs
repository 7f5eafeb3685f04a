//! How a call is sent: members of the request beside the task and its arguments.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// Everything that a call may be sent with. What is not given is not in the request.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    pub delay: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    pub expires: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_result: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<Dedupe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
}

/// What happens when a task with the same key was accepted a short while ago.
#[derive(Debug, Clone, Serialize)]
pub struct Dedupe {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    window: Option<Duration>,
    mode: DedupeMode,
}

/// What happens to a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DedupeMode {
    /// It is not sent; the answer is the first task.
    #[default]
    Return,
    /// It is refused with `duplicate-task`.
    Reject,
    /// It is sent, and the first one revoked.
    Replace,
    /// The newest of the duplicates runs once the first one has ended.
    RequeueLast,
}

impl Dedupe {
    /// Tasks of one name with the same key are duplicates; `content` stands for the arguments.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), window: None, mode: DedupeMode::default() }
    }

    /// How long a task has no duplicates; ten minutes unless given.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// What happens to a duplicate.
    #[must_use]
    pub fn mode(mut self, mode: DedupeMode) -> Self {
        self.mode = mode;
        self
    }
}

/// Who is told, by a signed webhook, how the task ends.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Callback {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
}

impl Callback {
    /// A URL is told.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }

    /// An endpoint that is registered with the gateway is told.
    #[must_use]
    pub fn endpoint(name: impl Into<String>) -> Self {
        Self { endpoint: Some(name.into()), ..Self::default() }
    }

    /// What is told: `success`, `failure`, `revoked` (these three unless given), `retried`.
    #[must_use]
    pub fn on<S: Into<String>>(mut self, news: impl IntoIterator<Item = S>) -> Self {
        self.on = news.into_iter().map(Into::into).collect();
        self
    }

    /// Tells what happened and where to ask, without the result.
    #[must_use]
    pub fn thin(mut self) -> Self {
        self.mode = Some("thin");
        self
    }
}

/// Called for durations that are there. Whole seconds stay whole.
#[allow(clippy::ref_option)]
fn seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) if duration.subsec_nanos() == 0 => serializer.serialize_u64(duration.as_secs()),
        duration => duration.map(|duration| duration.as_secs_f64()).serialize(serializer),
    }
}
