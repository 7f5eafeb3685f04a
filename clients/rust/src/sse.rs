//! Server-sent events: bytes to events, as the HTML standard reads them.

use std::mem;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::json;
use crate::transport::MAX_ANSWER_BYTES;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Event {
    /// Its kind: `state`, `progress` or `result`.
    pub event: String,
    /// Where a stream goes on after it.
    pub id: Option<String>,
    /// JSON.
    pub data: String,
}

impl Event {
    /// The data as a type of your own, or as a [`Task`](crate::Task).
    ///
    /// # Errors
    /// [`Error::Decode`] when it is of another type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        json::decode(self.data.as_bytes())
    }
}

/// Puts events together from bytes that come in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    /// The line ended with a carriage return, so that a line feed at once belongs to it.
    after_return: bool,
    is_started: bool,
    kind: String,
    data: String,
    id: Option<String>,
    /// Of the last event that was complete.
    last_id: Option<String>,
    retry: Option<Duration>,
}

impl Parser {
    /// The id after which a stream goes on.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The pause before connecting again that the gateway asks for.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// What came of a connection that was cut within an event is dropped.
    pub(crate) fn restart(&mut self) {
        let last_id = self.last_id.take();
        *self = Self { id: last_id.clone(), last_id, retry: self.retry, ..Self::default() };
    }

    /// Takes bytes; returns the events that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for &byte in bytes {
            let is_rest_of_end = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            match byte {
                _ if is_rest_of_end => {}
                b'\n' | b'\r' => {
                    let line = mem::take(&mut self.line);
                    events.extend(self.end_line(&line));
                }
                _ => self.line.push(byte),
            }
        }
        if (self.line.len() + self.data.len()) as u64 > MAX_ANSWER_BYTES {
            return Err(Error::TooLarge { limit: MAX_ANSWER_BYTES });
        }
        Ok(events)
    }

    fn end_line(&mut self, line: &[u8]) -> Option<Event> {
        let line = String::from_utf8_lossy(line);
        let line = if mem::replace(&mut self.is_started, true) {
            &line
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" => self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry),
            // Comments, which keep the connection alive, and fields of the future.
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        self.last_id.clone_from(&self.id);
        let (mut kind, mut data) = (mem::take(&mut self.kind), mem::take(&mut self.data));
        data.pop()?;
        if kind.is_empty() {
            "message".clone_into(&mut kind);
        }
        Some(Event { event: kind, id: self.last_id.clone(), data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Vec<(String, Option<String>, String)> {
        let events = Parser::default().push(text.as_bytes()).unwrap();
        events.into_iter().map(|Event { event, id, data }| (event, id, data)).collect()
    }

    fn event(kind: &str, id: Option<&str>, data: &str) -> (String, Option<String>, String) {
        (kind.to_owned(), id.map(str::to_owned), data.to_owned())
    }

    #[test]
    fn fields_make_an_event() {
        let text = "retry: 2000\n\nid: 1\nevent: state\ndata: {\"a\":1}\n\n: heartbeat\n\nid: 2\ndata:x\n\n";
        assert_eq!(parse(text), [event("state", Some("1"), "{\"a\":1}"), event("message", Some("2"), "x")]);
    }

    #[test]
    fn lines_end_in_three_ways_and_data_may_have_several() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}data: one", "data: two", "data", "", "data: unfinished"].join(end);
            assert_eq!(parse(&text), [event("message", None, "one\ntwo\n")], "{end:?}");
        }
    }

    #[test]
    fn bytes_may_come_one_by_one() {
        let mut parser = Parser::default();
        let text = "id: 7\r\nevent: progress\r\ndata: Zoë\r\n\r\n";
        let events: Vec<_> = text.bytes().flat_map(|byte| parser.push(&[byte]).unwrap()).collect();
        assert_eq!(events, [Event { event: "progress".into(), id: Some("7".into()), data: "Zoë".into() }]);
        assert_eq!(parser.last_id(), Some("7"));
    }

    #[test]
    fn an_id_is_kept_over_a_cut_and_half_an_event_is_not() {
        let mut parser = Parser::default();
        parser.push(b"retry: 50\nid: 3\ndata: 1\n\nid: 4\ndata: hal").unwrap();
        parser.restart();
        assert_eq!((parser.last_id(), parser.retry()), (Some("3"), Some(Duration::from_millis(50))));
        let events = parser.push(b"data: whole\n\n").unwrap();
        assert_eq!((events[0].id.as_deref(), events[0].data.as_str()), (Some("3"), "whole"));
    }
}
