//! When a request is repeated, and how long to wait before.

use std::thread;
use std::time::{Duration, SystemTime};

use crate::error::{Error, Result};
use crate::key;

/// The longest pause that a gateway can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How often requests are made, and the pauses between: a random part of a time that doubles (full jitter).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often a request is made at most; 1 never repeats it.
    pub attempts: u32,
    /// The longest pause before the second attempt.
    pub first_delay: Duration,
    /// The longest pause of all, unless the gateway asks for a longer one.
    pub max_delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, first_delay: Duration::from_millis(250), max_delay: Duration::from_secs(10) }
    }
}

impl Retry {
    /// Makes the attempt until it succeeds, fails for good, or has been made often enough.
    pub(crate) fn run<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let mut failed = 0;
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            failed += 1;
            self.pause(failed, None, error)?;
        }
    }

    /// Waits before the next attempt, for `least` or what the gateway asks for; or returns the error when there is none.
    pub(crate) fn pause(&self, failed: u32, least: Option<Duration>, error: Error) -> Result<()> {
        if failed >= self.attempts || !error.is_transient() {
            return Err(error);
        }
        let least = error.retry_after().max(least);
        thread::sleep(self.delay(failed, least, key::random_fraction()));
        Ok(())
    }

    /// The pause after so many failures. `random` is from 0 to 1.
    fn delay(&self, failed: u32, retry_after: Option<Duration>, random: f64) -> Duration {
        let doubled = 2u32.saturating_pow(failed.saturating_sub(1));
        let most = self.first_delay.saturating_mul(doubled).min(self.max_delay);
        let least = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        most.mul_f64(random).max(least)
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(crate) fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = httpdate::parse_http_date(text).ok()?;
    Some(time.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn delays_double_up_to_a_cap() {
        let retry = Retry::default();
        let delays = [1, 2, 3, 6, 7, 40].map(|failed| retry.delay(failed, None, 1.0).as_millis());
        assert_eq!(delays, [250, 500, 1000, 8000, 10_000, 10_000]);
        assert_eq!(retry.delay(3, None, 0.5).as_millis(), 500);
    }

    #[test]
    fn retry_after_is_a_lower_bound_and_has_a_cap() {
        let retry = Retry::default();
        assert_eq!(retry.delay(1, Some(SECOND), 1.0), SECOND);
        assert_eq!(retry.delay(4, Some(SECOND), 1.0), 2 * SECOND);
        assert_eq!(retry.delay(1, Some(3600 * SECOND), 1.0), 60 * SECOND);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + 784_111_777 * SECOND;
        let parse = |text| parse_retry_after(text, now);
        assert_eq!(parse("5"), Some(5 * SECOND));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10 * SECOND));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:27 GMT"), Some(Duration::ZERO));
        assert_eq!(parse("soon"), None);
    }

    #[test]
    fn only_what_may_pass_is_repeated() {
        let retry = Retry { first_delay: Duration::ZERO, ..Retry::default() };
        let mut made = 0;
        let mut fail_with = |status| {
            made = 0;
            let _ = retry.run::<()>(|| {
                made += 1;
                Err(crate::Problem::parse(status, None, b"").into())
            });
            made
        };
        assert_eq!([429, 502, 503, 504].map(&mut fail_with), [4; 4]);
        assert_eq!([400, 401, 404, 409, 422, 500].map(&mut fail_with), [1; 6]);
    }
}
