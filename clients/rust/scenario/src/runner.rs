//! What lasts from step to step: the clients, and the ids that were saved.

use std::collections::HashMap;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, process};

use celerity_client::Client;

use crate::step::Step;

pub struct Runner {
    saved: HashMap<String, String>,
    /// Makes the names of this run different from those of others.
    run: String,
}

impl Runner {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        Ok(Self { saved: HashMap::new(), run: format!("{}-{started}", process::id()) })
    }

    /// The client that a step is to use.
    pub fn client(&self, step: &Step) -> Result<Client, Box<dyn Error>> {
        let variable = match &step.url {
            None if step.key.is_none() => return Ok(Client::from_env()?),
            None => "CELERITY_URL".to_owned(),
            Some(name) => format!("URL_{}", name.to_uppercase()),
        };
        let builder = Client::builder(env::var(variable)?);
        Ok(match step.key.as_deref() {
            Some("none") => builder,
            _ => builder.api_key(&env::var("CELERITY_API_KEY")?),
        }
        .build()?)
    }

    pub fn save(&mut self, step: &Step, id: &str) {
        if let Some(name) = &step.save {
            self.saved.insert(name.clone(), id.to_owned());
        }
    }

    /// `$unique-…` is a text of this run, `$name` the id saved by that name, anything else itself.
    pub fn text(&self, text: &str) -> Result<String, Box<dyn Error>> {
        match text.strip_prefix('$') {
            None => Ok(text.to_owned()),
            Some(name) if name.starts_with("unique-") => Ok(format!("{name}-{}", self.run)),
            Some(name) => Ok(self.saved.get(name).ok_or_else(|| format!("nothing is saved as {name}"))?.clone()),
        }
    }
}
