//! What steps do, through the client's public functions.

use std::collections::HashMap;
use std::error::Error;
use std::{env, fs};

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use celerity_client::webhook::Verifier;
use celerity_client::{Call, State, Task, TaskHandle};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{json, Value};

use crate::runner::Runner;
use crate::step::Step;

type Outcome = Result<Value, Box<dyn Error>>;

pub fn perform(step: &Step, runner: &mut Runner) -> Outcome {
    match step.action.as_str() {
        "submit" => submit(step, runner),
        "get" => shown(&task(step, runner)?.get()?),
        "wait" => shown(&task(step, runner)?.wait(step.timeout())?),
        "result" => Ok(task(step, runner)?.result(step.timeout())?),
        "call" => {
            let result: Value = runner.client(step)?.call(call(step, runner)?, step.timeout())?;
            Ok(json!({ "result": result }))
        }
        "exact" => {
            let result: Box<RawValue> = runner.client(step)?.call(call(step, runner)?, step.timeout())?;
            Ok(json!(result.get()))
        }
        "stream" => stream(&runner.client(step)?.submit(call(step, runner)?)?),
        "cancel" => {
            let task = task(step, runner)?;
            task.cancel()?;
            Ok(json!({ "id": task.id() }))
        }
        "batch" => batch(step, runner),
        "workflow" => {
            let canvas = step.canvas.as_ref().ok_or("the step has no canvas")?;
            let workflow = runner.client(step)?.workflow(canvas)?.wait(step.timeout())?;
            Ok(json!({ "state": workflow.state.as_str(), "result": workflow.result::<Value>()? }))
        }
        "verify" => verify(step),
        other => Err(format!("there is no action {other}").into()),
    }
}

fn call(step: &Step, runner: &Runner) -> Result<Call, Box<dyn Error>> {
    let given = step.call.as_ref().ok_or("the step has no task")?;
    let call = Call::from(given);
    Ok(match &given.options.idempotency_key {
        Some(key) => call.idempotency_key(runner.text(key)?),
        None => call,
    })
}

fn task(step: &Step, runner: &Runner) -> Result<TaskHandle, Box<dyn Error>> {
    let id = runner.text(step.id.as_deref().ok_or("the step has no id")?)?;
    Ok(runner.client(step)?.task(id))
}

fn submit(step: &Step, runner: &mut Runner) -> Outcome {
    let task = runner.client(step)?.submit(call(step, runner)?)?;
    runner.save(step, task.id());
    Ok(json!({ "id": task.id(), "task": task.name(), "state": task.state().map(State::as_str) }))
}

fn shown(task: &Task) -> Outcome {
    let mut value = json!({ "id": task.id, "state": task.state.as_str() });
    if task.state == State::Success {
        value["result"] = task.result()?;
    }
    Ok(value)
}

fn stream(task: &TaskHandle) -> Outcome {
    let (mut states, mut progress, mut result) = (Vec::new(), Vec::new(), Value::Null);
    for event in task.events() {
        let event = event?;
        let task: Task = event.json()?;
        match event.event.as_str() {
            "progress" => progress.push(task.meta::<Value>()?["done"].clone()),
            "result" => result = task.result()?,
            _ => {}
        }
        let is_first = matches!(task.state, State::Pending | State::Received | State::Started);
        if !is_first && !states.contains(&task.state) {
            states.push(task.state);
        }
    }
    let states: Vec<_> = states.iter().map(State::as_str).collect();
    Ok(json!({ "states": states, "progress": progress, "result": result }))
}

fn batch(step: &Step, runner: &Runner) -> Outcome {
    let calls: Vec<_> = step.items.iter().map(Call::from).collect();
    let items = runner.client(step)?.batch(&calls)?;
    let statuses: Vec<_> = items.iter().map(|item| item.status).collect();
    let problems: Vec<_> = items.iter().map(|item| item.outcome.as_ref().err().map(|problem| &problem.name)).collect();
    Ok(json!({ "statuses": statuses, "problems": problems }))
}

#[derive(Deserialize)]
struct Webhook {
    secret: Secrets,
    headers: HashMap<String, String>,
    body_base64: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Secrets {
    One(String),
    Many(Vec<String>),
}

fn verify(step: &Step) -> Outcome {
    let mut webhooks: HashMap<String, Webhook> = serde_json::from_slice(&fs::read(env::var("WEBHOOKS")?)?)?;
    let name = step.webhook.as_deref().unwrap_or_default();
    let webhook = webhooks.remove(name).ok_or_else(|| format!("there is no webhook {name}"))?;
    let secrets = match webhook.secret {
        Secrets::One(secret) => vec![secret],
        Secrets::Many(secrets) => secrets,
    };
    let body = STANDARD.decode(webhook.body_base64)?;
    Ok(match Verifier::new(secrets)?.verify(&webhook.headers, &body) {
        Ok(event) => json!({ "valid": true, "type": event.kind }),
        Err(_) => json!({ "valid": false }),
    })
}
