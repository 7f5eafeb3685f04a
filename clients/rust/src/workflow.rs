//! Workflows that were sent.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::value::RawValue;
use ureq::http::Method;

use crate::client::{path_of, Client};
use crate::error::{Error, Result};
use crate::events::EventStream;
use crate::json;
use crate::problem::{Problem, TaskError};
use crate::state::State;
use crate::transport::Request;
use crate::wait::wait_for;

/// A workflow as it was when the gateway was asked.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Workflow {
    /// Its id: that of its last result.
    pub id: String,
    /// PENDING until something runs, then STARTED, then SUCCESS, FAILURE or REVOKED.
    pub state: State,
    /// Nothing will change any more.
    pub terminal: bool,
    /// How many tasks are known.
    pub total: u64,
    /// How many of them have ended.
    pub ended: u64,
    /// Tasks by state.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// Why it failed.
    pub error: Option<TaskError>,
    /// The task that failed, and so decided it.
    pub failed_task: Option<String>,
    result: Option<Box<RawValue>>,
}

impl Workflow {
    /// What it returned.
    ///
    /// # Errors
    /// A [`Problem`] when it ended without a result, [`Error::NotEnded`] when it had not ended, [`Error::Decode`] when the result
    /// is of another type.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T> {
        let id = self.failed_task.as_ref().unwrap_or(&self.id);
        match self.state {
            State::Success => json::decode_raw(self.result.as_deref()),
            _ if self.terminal => Err(Problem::of_ended(id, &self.state, self.error.as_ref()).into()),
            _ => Err(Error::NotEnded(self.state.clone())),
        }
    }
}

/// What the gateway says when it has taken a workflow.
#[derive(Deserialize)]
pub(crate) struct AcceptedWorkflow {
    pub id: String,
}

/// A workflow at the gateway. Methods ask the gateway each time.
#[derive(Debug, Clone)]
pub struct WorkflowHandle {
    client: Client,
    id: String,
}

impl WorkflowHandle {
    pub(crate) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// The workflow's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it is now.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`].
    pub fn get(&self) -> Result<Workflow> {
        json::decode(&self.client.send(&Request::get(self.path()))?.body)
    }

    /// The workflow once it has ended, however that was.
    ///
    /// # Errors
    /// Any; [`Error::Timeout`] when it has not ended in time.
    pub fn wait(&self, timeout: Duration) -> Result<Workflow> {
        wait_for(&self.client, &self.path(), timeout, |workflow: &Workflow| workflow.terminal)
    }

    /// What the workflow returned, once it has.
    ///
    /// # Errors
    /// Any; a [`Problem`] when there will be no result.
    pub fn result<T: DeserializeOwned>(&self, timeout: Duration) -> Result<T> {
        self.wait(timeout)?.result()
    }

    /// What happens to its tasks, as it happens, until all of it has ended.
    #[must_use]
    pub fn events(&self) -> EventStream {
        EventStream::new(self.client.transport().clone(), format!("{}/events", self.path()))
    }

    /// Calls off what has not begun; with `terminate` also what runs.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`]; the problem `task-terminal` when all of it has ended.
    pub fn cancel(&self, terminate: bool) -> Result<()> {
        let path = format!("{}?terminate={terminate}", self.path());
        self.client.send(&Request::new(Method::DELETE, path))?;
        Ok(())
    }

    fn path(&self) -> String {
        path_of("workflows", &self.id)
    }
}
