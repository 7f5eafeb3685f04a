//! Does the steps of the file `SCENARIO` in order, and prints one line of JSON for each.

mod actions;
mod runner;
mod step;

use std::error::Error;
use std::{env, fs};

use runner::Runner;
use serde_json::{json, Value};
use step::{Scenario, Step};

fn main() -> Result<(), Box<dyn Error>> {
    let scenario: Scenario = serde_json::from_slice(&fs::read(env::var("SCENARIO")?)?)?;
    let mut runner = Runner::new()?;
    for step in &scenario.steps {
        println!("{}", line(step, &mut runner));
    }
    Ok(())
}

fn line(step: &Step, runner: &mut Runner) -> Value {
    let name = &step.name;
    let error = match actions::perform(step, runner) {
        Ok(value) => return json!({ "step": name, "value": value }),
        Err(error) => error,
    };
    let Some(problem) = error.downcast_ref().and_then(celerity_client::Error::problem) else {
        return json!({ "step": name, "broken": error.to_string() });
    };
    json!({
        "step": name,
        "problem": problem.name,
        "status": problem.status,
        "error": problem.task_error.as_ref().map(|error| &error.message),
        "pointers": problem.errors.iter().map(|error| &error.pointer).collect::<Vec<_>>(),
    })
}
