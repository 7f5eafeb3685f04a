//! Events of a task or workflow, across as many connections as it takes.

use std::collections::VecDeque;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use ureq::BodyReader;

use crate::error::{Error, Result};
use crate::sse::{Event, Parser};
use crate::transport::{Request, Transport};

const CHUNK_BYTES: usize = 16 * 1024;

/// Events as they happen: `state`, `progress` and `result`. After a cut connection it goes on where it was, and what was the
/// state then may be told again. It ends when nothing more will happen, or after an error.
pub struct EventStream {
    transport: Arc<Transport>,
    path: String,
    parser: Parser,
    body: Option<BodyReader<'static>>,
    waiting: VecDeque<Event>,
    /// Cuts since the last event.
    failed: u32,
    is_over: bool,
}

impl EventStream {
    pub(crate) fn new(transport: Arc<Transport>, path: String) -> Self {
        Self {
            transport,
            path,
            parser: Parser::default(),
            body: None,
            waiting: VecDeque::new(),
            failed: 0,
            is_over: false,
        }
    }

    /// The next event, or none at the end. A connection that fails is opened again, up to the number of attempts in a row.
    fn advance(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.failed = 0;
                return Ok((event.event != "end").then_some(event));
            }
            match self.read() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => {
                    self.body = None;
                    self.parser.restart();
                    self.failed += 1;
                    self.transport.retry().pause(self.failed, self.parser.retry(), error)?;
                }
            }
        }
    }

    /// Reads what comes next; false when the gateway has nothing more to say.
    fn read(&mut self) -> Result<bool> {
        if self.body.is_none() && !self.connect()? {
            return Ok(false);
        }
        let Some(body) = &mut self.body else { return Ok(false) };
        let mut chunk = vec![0; CHUNK_BYTES];
        let length = body.read(&mut chunk).map_err(|error| Error::Network(Box::new(error)))?;
        if length == 0 {
            return Err(Error::Network("the stream ended early".into()));
        }
        self.waiting.extend(self.parser.push(&chunk[..length])?);
        Ok(true)
    }

    /// Opens the stream after the last event seen; false when that was the end.
    fn connect(&mut self) -> Result<bool> {
        let mut request = Request::get(&self.path).header("accept", "text/event-stream");
        if let Some(id) = self.parser.last_id() {
            request = request.header("last-event-id", id);
        }
        let response = self.transport.open_once(&request)?;
        let is_open = response.status() != 204;
        self.body = is_open.then(|| response.into_body().into_reader());
        Ok(is_open)
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Iterator for EventStream {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.advance().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}
