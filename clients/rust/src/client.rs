//! The client: everything begins here.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::batch::{self, BatchItem};
use crate::call::Call;
use crate::canvas::Canvas;
use crate::config::ClientBuilder;
use crate::error::Result;
use crate::json;
use crate::key;
use crate::task_handle::{Accepted, TaskHandle};
use crate::transport::{Answer, Request, Transport};
use crate::workflow::{AcceptedWorkflow, WorkflowHandle};

/// Talks to one gateway. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

impl Client {
    /// A client without a credential; [`builder`](Self::builder) takes one.
    ///
    /// # Errors
    /// [`Error::Configuration`](crate::Error::Configuration) when the URL is not one.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).build()
    }

    /// A client for `CELERITY_URL` ([`DEFAULT_URL`](crate::DEFAULT_URL) without it) with the key `CELERITY_API_KEY`, if there
    /// is one.
    ///
    /// # Errors
    /// [`Error::Configuration`](crate::Error::Configuration) when the URL is not one.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env().build()
    }

    /// Sets up a client.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    pub(crate) fn new_with(transport: Arc<Transport>) -> Self {
        Self { transport }
    }

    /// Sends a task. When this returns, the broker has it.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`](crate::Error::Timeout).
    pub fn submit(&self, call: impl Into<Call>) -> Result<TaskHandle> {
        let call = call.into();
        let accepted: Accepted = self.post("/v1/tasks", call.idempotency_key.as_deref(), &call)?;
        Ok(TaskHandle::accepted(self.clone(), accepted))
    }

    /// Sends a task and waits for its result.
    ///
    /// # Errors
    /// Any; a task that fails is a [`Problem`](crate::Problem) of the kind
    /// [`TaskFailed`](crate::ProblemKind::TaskFailed).
    pub fn call<T: DeserializeOwned>(&self, call: impl Into<Call>, timeout: Duration) -> Result<T> {
        self.submit(call)?.result(timeout)
    }

    /// Sends up to 1000 tasks in one request. Each has an answer of its own, in the same order.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`](crate::Error::Timeout), when the batch as a whole is refused.
    pub fn batch(&self, calls: &[Call]) -> Result<Vec<BatchItem>> {
        let answer: batch::Answer = self.post("/v1/tasks:batch", None, &batch::body(calls))?;
        Ok(answer.items.into_iter().map(|item| BatchItem::new(self, item)).collect())
    }

    /// Sends a workflow.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`](crate::Error::Timeout).
    pub fn workflow(&self, canvas: impl Into<Canvas>) -> Result<WorkflowHandle> {
        self.send_workflow(&canvas.into(), None)
    }

    /// Sends a workflow; sent again with the same key, it is the same workflow.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`](crate::Error::Timeout).
    pub fn workflow_once(&self, canvas: impl Into<Canvas>, idempotency_key: &str) -> Result<WorkflowHandle> {
        self.send_workflow(&canvas.into(), Some(idempotency_key))
    }

    /// A task that was sent before, by its id. Nothing is asked yet.
    #[must_use]
    pub fn task(&self, id: impl Into<String>) -> TaskHandle {
        TaskHandle::known(self.clone(), id.into())
    }

    /// A workflow that was sent before, by its id. Nothing is asked yet.
    #[must_use]
    pub fn workflow_by_id(&self, id: impl Into<String>) -> WorkflowHandle {
        WorkflowHandle::new(self.clone(), id.into())
    }

    fn send_workflow(&self, canvas: &Canvas, key: Option<&str>) -> Result<WorkflowHandle> {
        let accepted: AcceptedWorkflow = self.post("/v1/workflows", key, canvas)?;
        Ok(WorkflowHandle::new(self.clone(), accepted.id))
    }

    /// The same key goes with every repetition, so that nothing is sent twice.
    fn post<T: DeserializeOwned>(&self, path: &str, key: Option<&str>, body: &impl Serialize) -> Result<T> {
        let key = key.map_or_else(key::random_uuid, str::to_owned);
        let request = Request::post(path, json::encode(body)?).header("idempotency-key", key);
        json::decode(&self.send(&request)?.body)
    }

    pub(crate) fn send(&self, request: &Request) -> Result<Answer> {
        self.transport.send(request)
    }

    pub(crate) fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }
}

/// The path of a task or workflow. An id is one segment, whatever it holds.
pub(crate) fn path_of(collection: &str, id: &str) -> String {
    let mut path = format!("/v1/{collection}/");
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(char::from(byte)),
            _ => write!(path, "%{byte:02X}").expect("strings take any text"),
        }
    }
    path
}
