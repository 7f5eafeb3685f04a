//! Webhooks that the gateway sends: Standard Webhooks 1.0, signatures `v1` (HMAC-SHA256).
//!
//! ```
//! use celerity_client::webhook::Verifier;
//!
//! # fn handle(headers: std::collections::HashMap<String, String>, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
//! let event = verifier.verify(&headers, body)?;
//! println!("{}: {}", event.kind, event.data::<celerity_client::Task>()?.state);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use crate::json;

/// How far the clocks of sender and receiver may be apart.
const TOLERANCE: Duration = Duration::from_secs(300);
const MAX_SIGNATURES: usize = 16;

/// Why a webhook is refused. For your log: answer all of them alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// A secret is not `whsec_` and base64, or there is none.
    #[error("a webhook secret is whsec_ and the base64 of its bytes, and one is needed")]
    BadSecret,
    /// A header is not there, or not what it should be.
    #[error("the header {0} is missing or malformed")]
    BadHeader(&'static str),
    /// It was signed too long ago, or in the future.
    #[error("the webhook was signed at {timestamp}, too far from now")]
    Expired {
        /// Seconds since 1970.
        timestamp: u64,
    },
    /// No signature fits the id, the timestamp and the body.
    #[error("no signature fits the webhook")]
    BadSignature,
    /// The body is signed, but is not an event.
    #[error("the body is not an event")]
    BadBody,
}

/// A webhook whose signature is good.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookEvent {
    /// The `webhook-id`: the same whenever it comes again. Take each once.
    pub id: String,
    /// When it was signed.
    pub timestamp: SystemTime,
    /// What happened: `celery.task.succeeded`, `celery.task.failed` and so on.
    pub kind: String,
    data: Option<Box<RawValue>>,
}

impl WebhookEvent {
    /// What it is about: usually a [`Task`](crate::Task).
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode) when it is of another type.
    pub fn data<T: DeserializeOwned>(&self) -> crate::Result<T> {
        json::decode_raw(self.data.as_deref())
    }
}

/// Checks webhooks with one or several secrets: a signature of any will do, so that secrets can be changed at leisure.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Hmac<Sha256>>,
    tolerance: Duration,
}

impl Verifier {
    /// Takes `whsec_` secrets.
    ///
    /// # Errors
    /// [`WebhookError::BadSecret`].
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, WebhookError> {
        let keys: Vec<_> = secrets.into_iter().map(|secret| to_key(secret.as_ref())).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(WebhookError::BadSecret);
        }
        Ok(Self { keys, tolerance: TOLERANCE })
    }

    /// How far the clocks may be apart; five minutes unless given.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks a webhook that has just come. The body is the bytes as they came; headers are any pairs of names and values, such
    /// as a `&HeaderMap` or a `&HashMap<String, String>`.
    ///
    /// # Errors
    /// [`WebhookError`] when it is not to be trusted.
    pub fn verify<H, N, V>(&self, headers: H, body: &[u8]) -> Result<WebhookEvent, WebhookError>
    where
        H: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        self.verify_at(headers, body, SystemTime::now())
    }

    /// Checks a webhook that came at this time.
    ///
    /// # Errors
    /// [`WebhookError`] when it is not to be trusted.
    pub fn verify_at<H, N, V>(&self, headers: H, body: &[u8], now: SystemTime) -> Result<WebhookEvent, WebhookError>
    where
        H: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let [id, timestamp, signatures] = pick(headers)?;
        if !is_id(&id) {
            return Err(WebhookError::BadHeader("webhook-id"));
        }
        let signed_at = self.check_time(&timestamp, now)?;
        let content = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        if !self.is_signed(&content, &signatures)? {
            return Err(WebhookError::BadSignature);
        }
        let Body { kind, data } = serde_json::from_slice(body).map_err(|_| WebhookError::BadBody)?;
        Ok(WebhookEvent { id, timestamp: signed_at, kind, data })
    }

    fn check_time(&self, timestamp: &str, now: SystemTime) -> Result<SystemTime, WebhookError> {
        const NAME: WebhookError = WebhookError::BadHeader("webhook-timestamp");
        if timestamp.len() > 12 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NAME);
        }
        let timestamp = timestamp.parse().map_err(|_| NAME)?;
        let signed_at = UNIX_EPOCH + Duration::from_secs(timestamp);
        let apart = now.duration_since(signed_at).unwrap_or_else(|error| error.duration());
        if apart > self.tolerance {
            return Err(WebhookError::Expired { timestamp });
        }
        Ok(signed_at)
    }

    /// Signatures of other versions than `v1` are passed over.
    fn is_signed(&self, content: &[&[u8]], signatures: &str) -> Result<bool, WebhookError> {
        if signatures.split(' ').count() > MAX_SIGNATURES {
            return Err(WebhookError::BadHeader("webhook-signature"));
        }
        let signatures: Vec<_> = signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .collect();
        Ok(self.keys.iter().any(|key| {
            let mut mac = key.clone();
            for part in content {
                mac.update(part);
            }
            // Compares in constant time.
            signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
        }))
    }
}

/// Without the secrets.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    data: Option<Box<RawValue>>,
}

fn to_key(secret: &str) -> Result<Hmac<Sha256>, WebhookError> {
    let base64 = secret.strip_prefix("whsec_").unwrap_or(secret);
    let bytes = STANDARD.decode(base64).map_err(|_| WebhookError::BadSecret)?;
    if bytes.is_empty() {
        return Err(WebhookError::BadSecret);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| WebhookError::BadSecret)
}

/// Visible ASCII but the dot: with one, another cut between id and timestamp would have the same signature.
fn is_id(text: &str) -> bool {
    text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

/// The three headers that are signed or sign. Their names are in any case.
fn pick<N: AsRef<str>, V: AsRef<[u8]>>(headers: impl IntoIterator<Item = (N, V)>) -> Result<[String; 3], WebhookError> {
    const NAMES: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let mut values = NAMES.map(|_| String::new());
    for (name, value) in headers {
        let Some(at) = NAMES.iter().position(|wanted| name.as_ref().eq_ignore_ascii_case(wanted)) else { continue };
        let text = std::str::from_utf8(value.as_ref()).map_err(|_| WebhookError::BadHeader(NAMES[at]))?;
        text.clone_into(&mut values[at]);
    }
    match values.iter().position(String::is_empty) {
        Some(at) => Err(WebhookError::BadHeader(NAMES[at])),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries, except that its body is no event.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const TIME: u64 = 1_614_265_330;
    const EXAMPLE: &[u8] = br#"{"test": 2432232314}"#;
    const EXAMPLE_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const BODY: &[u8] = br#"{"type":"celery.task.succeeded","data":{"id":"a","state":"SUCCESS","result":5}}"#;

    fn sign(secret: &str, body: &[u8]) -> String {
        let mut mac = to_key(secret).unwrap();
        mac.update(format!("msg_1.{TIME}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn headers(id: &str, signature: &str) -> Vec<(&'static str, String)> {
        vec![
            ("Webhook-Id", id.to_owned()),
            ("WEBHOOK-TIMESTAMP", TIME.to_string()),
            ("webhook-signature", signature.to_owned()),
        ]
    }

    fn verify(
        secrets: &[&str],
        signature: &str,
        body: &[u8],
        seconds_later: u64,
    ) -> Result<WebhookEvent, WebhookError> {
        let now = UNIX_EPOCH + Duration::from_secs(TIME + seconds_later);
        Verifier::new(secrets)?.verify_at(headers("msg_1", signature), body, now)
    }

    #[test]
    fn the_published_example_is_signed() {
        let now = UNIX_EPOCH + Duration::from_secs(TIME);
        let headers = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", EXAMPLE_SIGNATURE);
        let verifier = Verifier::new([SECRET]).unwrap();
        assert_eq!(verifier.verify_at(headers.clone(), EXAMPLE, now).unwrap_err(), WebhookError::BadBody);
        assert_eq!(verifier.verify_at(headers, b"{}", now).unwrap_err(), WebhookError::BadSignature);
    }

    #[test]
    fn an_event_is_read() {
        let event = verify(&[SECRET], &sign(SECRET, BODY), BODY, 0).unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str()), ("msg_1", "celery.task.succeeded"));
        assert_eq!(event.data::<crate::Task>().unwrap().result::<i64>().unwrap(), 5);
    }

    #[test]
    fn any_secret_and_any_signature_will_do() {
        let both = format!("v1a,xyz {} {}", sign(OTHER, BODY), sign(SECRET, BODY));
        assert!(verify(&[SECRET], &both, BODY, 0).is_ok());
        assert!(verify(&[OTHER, SECRET], &sign(SECRET, BODY), BODY, 0).is_ok());
        assert_eq!(verify(&[OTHER], &sign(SECRET, BODY), BODY, 0).unwrap_err(), WebhookError::BadSignature);
    }

    #[test]
    fn old_and_early_webhooks_are_refused() {
        let signature = sign(SECRET, BODY);
        assert!(verify(&[SECRET], &signature, BODY, 300).is_ok());
        let expired = WebhookError::Expired { timestamp: TIME };
        assert_eq!(verify(&[SECRET], &signature, BODY, 301).unwrap_err(), expired);
        let early = UNIX_EPOCH + Duration::from_secs(TIME - 301);
        let verifier = Verifier::new([SECRET]).unwrap();
        assert_eq!(verifier.verify_at(headers("msg_1", &signature), BODY, early).unwrap_err(), expired);
    }

    #[test]
    fn headers_and_secrets_are_checked() {
        let verifier = Verifier::new([SECRET]).unwrap();
        let missing = verifier.verify(Vec::<(String, String)>::new(), BODY).unwrap_err();
        assert_eq!(missing, WebhookError::BadHeader("webhook-id"));
        let dotted = verifier.verify(headers("msg.1", "v1,"), BODY).unwrap_err();
        assert_eq!(dotted, WebhookError::BadHeader("webhook-id"));
        assert!(matches!(Verifier::new(["whsec_!"]), Err(WebhookError::BadSecret)));
        assert!(matches!(Verifier::new([""; 0]), Err(WebhookError::BadSecret)));
    }
}
