//! Workflows as the gateway takes them: chains, groups and chords.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::call::Call;
use crate::json::Given;
use crate::options::Options;

/// Tasks that belong together, nested in any way. Made from a [`Call`], by [`chain`], [`group`] and [`chord`], or from JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Canvas {
    /// One after the other; each gets the result before it as its first argument.
    Chain(Vec<Canvas>),
    /// All at once; the result is the list of theirs.
    Group(Vec<Canvas>),
    /// All of the header at once, then the body with the list of their results.
    Chord {
        /// What runs first.
        header: Vec<Canvas>,
        /// What gets the results.
        body: Box<Canvas>,
    },
    /// One call.
    #[serde(untagged, serialize_with = "step")]
    Task(Box<Call>),
    /// Any other form that the gateway takes, such as `map`, `chunks`, or a signature written by Celery.
    #[serde(untagged)]
    Json(Value),
}

/// One after the other; each gets the result before it as its first argument.
#[must_use]
pub fn chain<C: Into<Canvas>>(steps: impl IntoIterator<Item = C>) -> Canvas {
    Canvas::Chain(steps.into_iter().map(Into::into).collect())
}

/// All at once; the result is the list of theirs.
#[must_use]
pub fn group<C: Into<Canvas>>(members: impl IntoIterator<Item = C>) -> Canvas {
    Canvas::Group(members.into_iter().map(Into::into).collect())
}

/// All of the header at once, then the body with the list of their results.
#[must_use]
pub fn chord<C: Into<Canvas>>(header: impl IntoIterator<Item = C>, body: impl Into<Canvas>) -> Canvas {
    Canvas::Chord { header: header.into_iter().map(Into::into).collect(), body: Box::new(body.into()) }
}

impl From<Call> for Canvas {
    fn from(call: Call) -> Self {
        Self::Task(Box::new(call))
    }
}

impl From<Value> for Canvas {
    fn from(json: Value) -> Self {
        Self::Json(json)
    }
}

/// A call within a workflow has its options in a member of their own.
fn step<S: Serializer>(call: &Call, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Step<'a> {
        task: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        args: &'a Option<Given>,
        #[serde(skip_serializing_if = "Option::is_none")]
        kwargs: &'a Option<Given>,
        #[serde(skip_serializing_if = "Option::is_none")]
        immutable: Option<bool>,
        options: &'a Options,
        /// The gateway says that it does not belong here.
        #[serde(skip_serializing_if = "Option::is_none")]
        idempotency_key: &'a Option<String>,
    }
    let Call { task, args, kwargs, immutable, options, idempotency_key } = call;
    Step { task, args, kwargs, immutable: *immutable, options, idempotency_key }.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canvases_are_written_as_the_gateway_reads_them() {
        let call = |n: u8| Call::new("t").args([n]);
        let canvas = chord([chain([call(1), call(2)]), group([call(3).queue("q")])], call(4).immutable());
        let expected = serde_json::json!({"chord": {
            "header": [
                {"chain": [{"task": "t", "args": [1], "options": {}}, {"task": "t", "args": [2], "options": {}}]},
                {"group": [{"task": "t", "args": [3], "options": {"queue": "q"}}]},
            ],
            "body": {"task": "t", "args": [4], "immutable": true, "options": {}},
        }});
        assert_eq!(serde_json::to_value(canvas).unwrap(), expected);
    }
}
