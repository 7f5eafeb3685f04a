//! How a client is set up.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Uri;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::retry::Retry;
use crate::transport::{Settings, Transport};

/// Where a gateway listens unless told otherwise.
pub const DEFAULT_URL: &str = "http://127.0.0.1:8420";

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sets up a [`Client`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
}

impl ClientBuilder {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Self {
            settings: Settings {
                url: url.into(),
                authorization: None,
                timeout: DEFAULT_TIMEOUT,
                retry: Retry::default(),
                user_agent: concat!("celerity-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            },
        }
    }

    /// From `CELERITY_URL` ([`DEFAULT_URL`] without it) and `CELERITY_API_KEY`.
    pub(crate) fn from_env() -> Self {
        let builder = Self::new(env::var("CELERITY_URL").unwrap_or_else(|_| DEFAULT_URL.to_owned()));
        match env::var("CELERITY_API_KEY") {
            Ok(key) if !key.is_empty() => builder.api_key(&key),
            _ => builder,
        }
    }

    /// An API key or a token: sent as `Authorization: Bearer`.
    pub fn api_key(mut self, key: &str) -> Self {
        self.settings.authorization = Some(format!("Bearer {key}").into());
        self
    }

    /// How long one request may take, the time that it asks the gateway to wait not counted. 30 seconds unless given.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// When requests are repeated.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = retry;
        self
    }

    /// What the client calls itself, instead of `celerity-rust/<version>`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.settings.user_agent = user_agent.into();
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the URL is not an absolute `http://` or `https://` URL.
    pub fn build(mut self) -> Result<Client> {
        let url = &mut self.settings.url;
        url.truncate(url.trim_end_matches('/').len());
        let uri = url.parse::<Uri>();
        let is_http = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        if !uri.is_ok_and(|uri| is_http(&uri) && uri.query().is_none()) {
            return Err(Error::Configuration(format!("{url:?} is not the http:// or https:// URL of a gateway")));
        }
        Ok(Client::new_with(Arc::new(Transport::new(self.settings))))
    }
}
