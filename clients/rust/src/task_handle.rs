//! A task that was sent, to be followed from here.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::json;

use crate::client::{path_of, Client};
use crate::error::Result;
use crate::events::EventStream;
use crate::json;
use crate::state::State;
use crate::task::Task;
use crate::transport::Request;
use crate::wait::{poll, wait_for};

/// A task at the gateway. Methods ask the gateway each time.
#[derive(Debug, Clone)]
pub struct TaskHandle {
    client: Client,
    id: String,
    accepted: Option<Accepted>,
}

/// What the gateway says when it has taken a task.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Accepted {
    pub id: String,
    pub task: Option<String>,
    pub state: Option<State>,
    #[serde(default)]
    pub deduplicated: bool,
}

impl TaskHandle {
    pub(crate) fn accepted(client: Client, accepted: Accepted) -> Self {
        Self { client, id: accepted.id.clone(), accepted: Some(accepted) }
    }

    pub(crate) fn known(client: Client, id: String) -> Self {
        Self { client, id, accepted: None }
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The task's name, when this handle comes from sending it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.accepted.as_ref()?.task.as_deref()
    }

    /// The state that the gateway answered with when it took the task; [`get`](Self::get) asks for the one now.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.accepted.as_ref()?.state.as_ref()
    }

    /// Nothing was sent: a task with the same dedupe key was there before, and this is it.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.accepted.as_ref().is_some_and(|accepted| accepted.deduplicated)
    }

    /// How the task is now.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`](crate::Error::Timeout).
    pub fn get(&self) -> Result<Task> {
        json::decode(&self.client.send(&Request::get(self.path()))?.body)
    }

    /// The task once it has ended, however that was.
    ///
    /// # Errors
    /// Any; [`Error::Timeout`](crate::Error::Timeout) when it has not ended in time.
    pub fn wait(&self, timeout: Duration) -> Result<Task> {
        wait_for(&self.client, &self.path(), timeout, |task: &Task| task.terminal)
    }

    /// What the task returned, once it has.
    ///
    /// # Errors
    /// Any; a [`Problem`](crate::Problem) of the kind [`TaskFailed`](crate::ProblemKind::TaskFailed) or
    /// [`TaskRevoked`](crate::ProblemKind::TaskRevoked) when there will be no result.
    pub fn result<T: DeserializeOwned>(&self, timeout: Duration) -> Result<T> {
        let path = format!("{}/result", self.path());
        poll(&self.client, &path, timeout, |answer| match answer.status {
            202 => Ok(None),
            _ => json::decode(&answer.body).map(Some),
        })
    }

    /// What happens to the task, as it happens, until it has ended. Connects when the first event is asked for.
    #[must_use]
    pub fn events(&self) -> EventStream {
        EventStream::new(self.client.transport().clone(), format!("{}/events", self.path()))
    }

    /// Calls the task off. One that runs already goes on.
    ///
    /// # Errors
    /// Any but [`Error::Timeout`](crate::Error::Timeout); the problem `task-terminal` when it has ended.
    pub fn cancel(&self) -> Result<()> {
        self.revoke(false)
    }

    /// Calls the task off, and ends it if it runs.
    ///
    /// # Errors
    /// As those of [`cancel`](Self::cancel).
    pub fn terminate(&self) -> Result<()> {
        self.revoke(true)
    }

    fn revoke(&self, terminate: bool) -> Result<()> {
        let body = json::encode(&json!({ "terminate": terminate }))?;
        self.client.send(&Request::post(format!("{}:revoke", self.path()), body))?;
        Ok(())
    }

    fn path(&self) -> String {
        path_of("tasks", &self.id)
    }
}
