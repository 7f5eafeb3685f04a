//! Requests and answers: one HTTP agent, with credentials, limits and repetition.

use std::fmt;
use std::time::{Duration, SystemTime};

use ureq::http::{header, Method, Response};
use ureq::{Agent, Body};

use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::retry::{parse_retry_after, Retry};

/// The largest answer that is read.
pub(crate) const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// How long a stream may be silent: the gateway says that it is there every 15 seconds.
const STREAM_PAUSE: Duration = Duration::from_secs(45);

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub url: String,
    pub authorization: Option<Secret>,
    pub timeout: Duration,
    pub retry: Retry,
    pub user_agent: String,
}

/// A text that is not shown.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A request that can be made any number of times.
#[derive(Debug)]
pub(crate) struct Request {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// How long the gateway is asked to wait.
    wait: Duration,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new(), wait: Duration::ZERO }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>, json: Vec<u8>) -> Self {
        let mut request = Self::new(Method::POST, path).header("content-type", "application/json");
        request.body = json;
        request
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Asks the gateway to answer when it has news, or after this time, in whole seconds.
    pub(crate) fn wait(mut self, wait: Duration) -> Self {
        self.wait = Duration::from_secs(wait.as_secs());
        if self.wait.is_zero() {
            return self;
        }
        let prefer = format!("wait={}", self.wait.as_secs());
        self.header("prefer", prefer)
    }
}

/// A good answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Transport {
    agent: Agent,
    settings: Settings,
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would take the credential elsewhere; it is an answer like any other that is not expected.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(settings.user_agent.as_str())
            .timeout_connect(Some(settings.timeout));
        #[cfg(feature = "platform-roots")]
        let config = config.tls_config(platform_roots());
        Self { agent: config.build().into(), settings }
    }

    pub(crate) fn retry(&self) -> &Retry {
        &self.settings.retry
    }

    /// Makes the request, again if need be, and reads the whole answer.
    pub(crate) fn send(&self, request: &Request) -> Result<Answer> {
        self.settings.retry.run(|| self.send_once(request))
    }

    /// One attempt at a stream: the answer, whose body is still to come.
    pub(crate) fn open_once(&self, request: &Request) -> Result<Response<Body>> {
        let timeout = self.settings.timeout;
        let pause = timeout.max(STREAM_PAUSE);
        check(
            self.exchange(request, |config| config.timeout_recv_response(Some(timeout)).timeout_per_read(Some(pause)))?,
        )
    }

    fn send_once(&self, request: &Request) -> Result<Answer> {
        let timeout = self.settings.timeout.saturating_add(request.wait);
        let response = self.exchange(request, |config| config.timeout_global(Some(timeout)))?;
        let response = check(response)?;
        Ok(Answer { status: response.status().as_u16(), retry_after: retry_after(&response), body: read(response)? })
    }

    fn exchange<F>(&self, request: &Request, configure: F) -> Result<Response<Body>>
    where
        F: FnOnce(Configuring) -> Configuring,
    {
        let mut builder = ureq::http::Request::builder()
            .method(&request.method)
            .uri(format!("{}{}", self.settings.url, request.path));
        if let Some(Secret(authorization)) = &self.settings.authorization {
            builder = builder.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let built = builder
            .body(request.body.clone())
            .map_err(|error| Error::Configuration(format!("the request cannot be made: {error}")))?;
        let built = configure(self.agent.configure_request(built)).build();
        self.agent.run(built).map_err(from_ureq)
    }
}

#[cfg(feature = "platform-roots")]
fn platform_roots() -> ureq::tls::TlsConfig {
    ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build()
}

type Configuring = ureq::config::ConfigBuilder<ureq::typestate::HttpCrateScope<Vec<u8>>>;

/// Anything but success becomes a problem.
fn check(response: Response<Body>) -> Result<Response<Body>> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
    Err(Problem::parse(status, retry_after, &read(response)?).into())
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    parse_retry_after(value.to_str().ok()?, SystemTime::now())
}

fn read(response: Response<Body>) -> Result<Vec<u8>> {
    let body = response.into_body().into_with_config().limit(MAX_ANSWER_BYTES);
    body.read_to_vec().map_err(from_ureq)
}

fn from_ureq(error: ureq::Error) -> Error {
    match error {
        ureq::Error::BodyExceedsLimit(limit) => Error::TooLarge { limit },
        ureq::Error::Http(_) | ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl | ureq::Error::TlsRequired => {
            Error::Configuration(error.to_string())
        }
        _ => Error::Network(Box::new(error)),
    }
}
