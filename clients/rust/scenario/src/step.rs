//! The file of steps, as far as runners read it.

use std::time::Duration;

use celerity_client::{chain, chord, group, Call, Canvas};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct Scenario {
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
pub struct Step {
    pub name: String,
    #[serde(rename = "do")]
    pub action: String,
    #[serde(flatten)]
    pub call: Option<GivenCall>,
    pub id: Option<String>,
    pub save: Option<String>,
    pub url: Option<String>,
    pub key: Option<String>,
    #[serde(default)]
    pub items: Vec<GivenCall>,
    pub canvas: Option<GivenCanvas>,
    pub webhook: Option<String>,
    timeout_s: Option<u64>,
}

impl Step {
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s.unwrap_or(30))
    }
}

#[derive(Deserialize)]
pub struct GivenCall {
    task: String,
    args: Option<Value>,
    kwargs: Option<Value>,
    #[serde(default)]
    pub options: GivenOptions,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GivenOptions {
    tags: Vec<String>,
    priority: Option<u8>,
    expires_s: Option<u64>,
    delay_s: Option<u64>,
    pub idempotency_key: Option<String>,
}

impl From<&GivenCall> for Call {
    fn from(given: &GivenCall) -> Self {
        let options = &given.options;
        let mut call = Call::new(&given.task).tags(&options.tags);
        if let Some(args) = &given.args {
            call = call.args(args);
        }
        if let Some(kwargs) = &given.kwargs {
            call = call.kwargs(kwargs);
        }
        if let Some(priority) = options.priority {
            call = call.priority(priority);
        }
        if let Some(seconds) = options.expires_s {
            call = call.expires(Duration::from_secs(seconds));
        }
        if let Some(seconds) = options.delay_s {
            call = call.delay(Duration::from_secs(seconds));
        }
        call
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GivenCanvas {
    Chain(Vec<GivenCanvas>),
    Group(Vec<GivenCanvas>),
    Chord {
        header: Vec<GivenCanvas>,
        body: Box<GivenCanvas>,
    },
    #[serde(untagged)]
    Task(GivenCall),
}

impl From<&GivenCanvas> for Canvas {
    fn from(given: &GivenCanvas) -> Self {
        match given {
            GivenCanvas::Chain(steps) => chain(steps),
            GivenCanvas::Group(members) => group(members),
            GivenCanvas::Chord { header, body } => chord(header, body.as_ref()),
            GivenCanvas::Task(call) => Call::from(call).into(),
        }
    }
}
