//! A call of a task: its name, its arguments, and how it is sent.

use std::time::Duration;

use serde::Serialize;

use crate::json::Given;
use crate::options::{Callback, Dedupe, Options};

/// A call of a task, for [`Client::submit`](crate::Client::submit), batches and workflows.
///
/// ```
/// use std::time::Duration;
/// use celerity_client::Call;
///
/// let call = Call::new("reports.build").args(("2030-01", 3)).queue("slow").delay(Duration::from_secs(60));
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    pub(crate) task: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) args: Option<Given>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kwargs: Option<Given>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) immutable: Option<bool>,
    #[serde(flatten)]
    pub(crate) options: Options,
    /// A header of a request of its own, a member within a batch.
    #[serde(skip)]
    pub(crate) idempotency_key: Option<String>,
}

impl Call {
    /// A call without arguments.
    #[must_use]
    pub fn new(task: impl Into<String>) -> Self {
        Self {
            task: task.into(),
            args: None,
            kwargs: None,
            immutable: None,
            options: Options::default(),
            idempotency_key: None,
        }
    }

    /// Positional arguments: a tuple, an array, a `Vec`, or anything else that becomes a JSON array. What has no JSON form is
    /// refused when the call is sent.
    #[must_use]
    pub fn args(mut self, args: impl Serialize) -> Self {
        self.args = Some(Given::new(&args));
        self
    }

    /// Keyword arguments: a map, a struct, `json!({...})`.
    #[must_use]
    pub fn kwargs(mut self, kwargs: impl Serialize) -> Self {
        self.kwargs = Some(Given::new(&kwargs));
        self
    }

    /// The queue that takes it; what the app's routes say unless given.
    #[must_use]
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.options.queue = Some(queue.into());
        self
    }

    /// Earliest time to run, RFC 3339 with an offset: `2030-01-02T03:04:05Z`. Not with [`delay`](Self::delay).
    #[must_use]
    pub fn eta(mut self, time: impl Into<String>) -> Self {
        self.options.eta = Some(time.into());
        self
    }

    /// How long it waits before it may run.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.options.delay = Some(delay);
        self
    }

    /// It is revoked when it has not started within this time.
    #[must_use]
    pub fn expires(mut self, after: Duration) -> Self {
        self.options.expires = Some(after);
        self
    }

    /// 0 to 9, passed to the broker.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.options.priority = Some(priority);
        self
    }

    /// Stores no result; then nothing can be waited for.
    #[must_use]
    pub fn ignore_result(mut self) -> Self {
        self.options.ignore_result = Some(true);
        self
    }

    /// Words of your own, to find the task by. Single tasks only.
    #[must_use]
    pub fn tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.options.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// What happens to duplicates. Single tasks only.
    #[must_use]
    pub fn dedupe(mut self, dedupe: Dedupe) -> Self {
        self.options.dedupe = Some(dedupe);
        self
    }

    /// Who is told how it ends. Single tasks only.
    #[must_use]
    pub fn callback(mut self, callback: Callback) -> Self {
        self.options.callback = Some(callback);
        self
    }

    /// Stands for this call: whoever sends it again with the same key gets the same task. A random one unless given. Single
    /// tasks only.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// In a chain or as the body of a chord: does not get the result before it. Workflows only.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.immutable = Some(true);
        self
    }
}

/// A call without arguments.
impl From<&str> for Call {
    fn from(task: &str) -> Self {
        Self::new(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_what_was_given() {
        let call = Call::new("t").args((2, "x")).delay(Duration::from_secs(3)).tags(["a"]).priority(3);
        let json = serde_json::to_string(&call).unwrap();
        assert_eq!(json, r#"{"task":"t","args":[2,"x"],"delay":3,"priority":3,"tags":["a"]}"#);
    }

    #[test]
    fn large_numbers_stay_exact() {
        let json = serde_json::to_string(&Call::new("t").args([1_180_591_620_717_411_303_424_i128])).unwrap();
        assert_eq!(json, r#"{"task":"t","args":[1180591620717411303424]}"#);
    }

    #[test]
    fn arguments_without_a_json_form_are_refused_when_sent() {
        let keys = std::collections::HashMap::from([((1, 2), 3)]);
        let error = crate::json::encode(&Call::new("t").kwargs(keys)).unwrap_err();
        assert!(matches!(error, crate::Error::Encode(_)), "{error}");
    }
}
