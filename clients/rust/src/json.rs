//! JSON text that is carried as it is, so that no number loses a digit.

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// A value given to a builder. That it has no JSON form is said when it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Given(Result<Box<RawValue>, String>);

impl Given {
    pub(crate) fn new(value: &impl Serialize) -> Self {
        Self(serde_json::value::to_raw_value(value).map_err(|error| error.to_string()))
    }
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(json) => json.serialize(serializer),
            Err(text) => Err(S::Error::custom(text)),
        }
    }
}

pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(Error::Encode)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(Error::Decode)
}

/// An absent value is `null`.
pub(crate) fn decode_raw<T: DeserializeOwned>(json: Option<&RawValue>) -> Result<T> {
    decode(json.map_or("null", RawValue::get).as_bytes())
}
