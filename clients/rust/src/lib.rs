//! Sends Celery tasks through a [Celerity] gateway and follows them, over plain HTTP.
//!
//! ```no_run
//! use celerity_client::{Call, Client, Result};
//! use std::time::Duration;
//!
//! fn main() -> Result<()> {
//!     let client = Client::from_env()?;
//!     let sum: i64 = client.call(Call::new("examples.add").args((2, 3)), Duration::from_secs(30))?;
//!     println!("{sum}");
//!     Ok(())
//! }
//! ```
//!
//! The client blocks, is cheap to clone, and may be shared by threads. Requests that fail for a moment are repeated; every
//! one that sends something carries an `Idempotency-Key`, so that a repeated request sends nothing twice.
//!
//! [Celerity]: https://github.com/celerity-tasks/celerity

mod batch;
mod call;
mod canvas;
mod client;
mod config;
mod error;
mod events;
mod json;
mod key;
mod options;
mod problem;
mod retry;
mod sse;
mod state;
mod task;
mod task_handle;
mod transport;
mod wait;
pub mod webhook;
mod workflow;

pub use batch::BatchItem;
pub use call::Call;
pub use canvas::{chain, chord, group, Canvas};
pub use client::Client;
pub use config::{ClientBuilder, DEFAULT_URL};
pub use error::{Error, Result};
pub use events::EventStream;
pub use options::{Callback, Dedupe, DedupeMode};
pub use problem::{FieldError, Problem, ProblemKind, TaskError};
pub use retry::Retry;
pub use sse::Event;
pub use state::State;
pub use task::Task;
pub use task_handle::TaskHandle;
pub use workflow::{Workflow, WorkflowHandle};

/// The README's programs compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
