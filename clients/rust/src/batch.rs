//! Many tasks in one request.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call::Call;
use crate::client::Client;
use crate::problem::Problem;
use crate::task_handle::{Accepted, TaskHandle};

/// What became of one call of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchItem {
    /// 202 when it was sent, 200 when it was there before, else the problem's status.
    pub status: u16,
    /// The task, or why there is none.
    pub outcome: Result<TaskHandle, Problem>,
}

/// The body of the gateway's answer.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub items: Vec<Item>,
}

/// One item as the gateway writes it: the members of a task that was taken, or a problem.
#[derive(Deserialize)]
pub(crate) struct Item {
    status: u16,
    id: Option<String>,
    task: Option<String>,
    #[serde(default)]
    deduplicated: bool,
    problem: Option<Box<RawValue>>,
}

impl BatchItem {
    pub(crate) fn new(client: &Client, item: Item) -> Self {
        let Item { status, id, task, deduplicated, problem } = item;
        let outcome = if let Some(id) = id {
            let accepted = Accepted { id, task, state: None, deduplicated };
            Ok(TaskHandle::accepted(client.clone(), accepted))
        } else {
            let body = problem.as_deref().map_or("", RawValue::get);
            Err(Problem::parse(status, None, body.as_bytes()))
        };
        Self { status, outcome }
    }
}

/// Within a batch, the key of a call is a member of it.
pub(crate) fn body(calls: &[Call]) -> impl Serialize + '_ {
    #[derive(Serialize)]
    struct Keyed<'a> {
        #[serde(flatten)]
        call: &'a Call,
        #[serde(skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<&'a str>,
    }
    calls.iter().map(|call| Keyed { call, idempotency_key: call.idempotency_key.as_deref() }).collect::<Vec<_>>()
}
