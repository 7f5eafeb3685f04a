//! Waiting for the end of something, in slices that proxies and gateways accept.

use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::json;
use crate::transport::{Answer, Request};

/// The longest wait of one request.
const SLICE: Duration = Duration::from_secs(20);
/// The pause when the gateway does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// Reads the path until what is there has ended.
pub(crate) fn wait_for<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    timeout: Duration,
    has_ended: impl Fn(&T) -> bool,
) -> Result<T> {
    poll(client, path, timeout, |answer| {
        let value: T = json::decode(&answer.body)?;
        Ok(has_ended(&value).then_some(value))
    })
}

/// Asks until `read` makes something of an answer.
pub(crate) fn poll<T>(
    client: &Client,
    path: &str,
    timeout: Duration,
    read: impl Fn(&Answer) -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    let left = || timeout.saturating_sub(started.elapsed());
    loop {
        let answer = client.send(&Request::get(path).wait(left().min(SLICE)))?;
        if let Some(value) = read(&answer)? {
            return Ok(value);
        }
        if left().is_zero() {
            return Err(Error::Timeout { path: path.to_owned(), timeout });
        }
        thread::sleep(answer.retry_after.unwrap_or(DEFAULT_PAUSE).min(left()));
    }
}
