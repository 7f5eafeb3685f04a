//! What adapters in Rust share: values as tagged JSON, and answers. See docs/conformance.md.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Map, Number, Value};
use std::error::Error;
use std::fmt::{Display, Formatter};
use std::future::Future;
use tokio::io::{stdin, AsyncBufReadExt, BufReader};
use tokio::task::{spawn_local, LocalSet};

/// What an answer may fail with; a [`Skip`] is answered as `skipped`.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Says what an implementation has no means for.
#[derive(Debug)]
pub struct Skip(pub String);

impl Display for Skip {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for Skip {}

/// Makes a [`Skip`] of what can be shown.
pub fn skip(message: impl Display) -> Failure {
    Box::new(Skip(message.to_string()))
}

/// Answers the commands on standard input until `stop`, all at once.
pub async fn serve<F: Future<Output = Result<Value, Failure>> + 'static>(answer: impl Fn(Value) -> F) {
    let mut lines = BufReader::new(stdin()).lines();
    let serve_all = async {
        while let Ok(Some(line)) = lines.next_line().await {
            let command: Value = serde_json::from_str(&line).expect("a line of JSON");
            if command["cmd"] == "stop" {
                break;
            }
            let (seq, answer) = (command["seq"].clone(), answer(command));
            spawn_local(async move { println!("{}", reply(answer.await, &seq)) });
        }
    };
    LocalSet::new().run_until(serve_all).await;
}

/// The line that answers a command.
fn reply(answer: Result<Value, Failure>, seq: &Value) -> String {
    let mut fields = answer.unwrap_or_else(|problem| match problem.downcast_ref::<Skip>() {
        Some(skip) => json!({"skipped": true, "message": skip.to_string()}),
        None => json!({"errored": true, "message": problem.to_string()}),
    });
    fields["seq"] = seq.clone();
    fields.to_string()
}

/// A member of a command that is text; "" without it.
pub fn text<'a>(command: &'a Value, name: &str) -> &'a str {
    command[name].as_str().unwrap_or_default()
}

/// Fails with a [`Skip`] for a URL of another scheme than those named.
pub fn check_scheme(url: &str, schemes: &[&str]) -> Result<(), Failure> {
    let scheme = url.split(':').next().unwrap_or_default();
    schemes.contains(&scheme).then_some(()).ok_or_else(|| skip(format!("it knows no {scheme}: URLs")))
}

/// Writes a value as tagged JSON.
pub fn tag(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => json!({"$float": number.to_string()}),
        Value::Number(number) => json!({"$int": number.to_string()}),
        Value::Array(items) => items.iter().map(tag).collect(),
        Value::Object(members) => {
            let tagged: Map<_, _> = members.iter().map(|(name, item)| (name.clone(), tag(item))).collect();
            match tagged.iter().next() {
                Some((name, item)) if tagged.len() == 1 && name.starts_with('$') => json!({"$dict": [[name, item]]}),
                _ => Value::Object(tagged),
            }
        }
        other => other.clone(),
    }
}

/// Reads tagged JSON; times become text. Fails with a [`Skip`] for what serde_json's values cannot hold.
pub fn untag(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::Array(items) => items.iter().map(untag).collect(),
        Value::Object(members) => match members.iter().next() {
            Some((name, item)) if members.len() == 1 && name.starts_with('$') => untag_one(name, item),
            _ => members.iter().map(|(name, item)| Ok((name.clone(), untag(item)?))).collect(),
        },
        other => Ok(other.clone()),
    }
}

fn untag_one(name: &str, item: &Value) -> Result<Value, Failure> {
    let text = item.as_str().unwrap_or_default();
    let read = match name {
        "$int" => text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).ok(),
        "$float" => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        "$datetime" => Some(Value::from(text)),
        "$tuple" => Some(untag(item)?),
        "$dict" => untag_dict(item)?,
        _ => None,
    };
    read.ok_or_else(|| skip(format!("serde_json has no value for {{{name}: {item}}}")))
}

/// None for keys that are no text.
fn untag_dict(pairs: &Value) -> Result<Option<Value>, Failure> {
    let mut members = Map::new();
    for pair in pairs.as_array().into_iter().flatten() {
        let Some(name) = pair[0].as_str() else { return Ok(None) };
        members.insert(name.into(), untag(&pair[1])?);
    }
    Ok(Some(Value::Object(members)))
}

/// The arguments of a call by their names, as a typed function takes them.
pub fn bind(names: &[&str], call: &Value) -> Result<Value, Failure> {
    let (args, kwargs) = (untag(&call["args"])?, untag(&call["kwargs"])?);
    let mut bound = kwargs.as_object().cloned().unwrap_or_default();
    for (position, arg) in args.as_array().into_iter().flatten().enumerate() {
        let name = names.get(position).ok_or_else(|| skip("more arguments than the function has"))?;
        bound.insert(name.to_string(), arg.clone());
    }
    Ok(Value::Object(bound))
}

/// The answer about a stored result of Celery's JSON.
pub fn outcome(state: &str, result: &Value) -> Value {
    if state == "SUCCESS" || !result.is_object() {
        return json!({"state": state, "value": tag(result)});
    }
    let said = &result["exc_message"];
    let message = said.as_array().filter(|args| args.len() == 1).map_or(said, |args| &args[0]);
    json!({"state": state, "error": {"type": result["exc_type"], "message": tag(message)}})
}

/// The bytes of a stored result in JSON.
pub fn stored_body(command: &Value) -> Result<Vec<u8>, Failure> {
    if command["stored"].is_object() && command["stored"]["serializer"] != "json" {
        return Err(skip("its results are JSON"));
    }
    let body = command["stored"]["body_b64"].as_str().ok_or_else(|| skip("it reads messages from a broker only"))?;
    Ok(STANDARD.decode(body)?)
}

/// The answer to `decode` about a stored result of Celery's JSON, with what else was read of it.
pub fn accept(state: &str, result: &Value, others: Value) -> Value {
    let mut fields = others;
    fields["state"] = state.into();
    if result["exc_type"].is_string() {
        let error = json!({"type": result["exc_type"], "module": result["exc_module"], "args": result["exc_message"]});
        fields["error"] = tag(&error);
    } else {
        fields["value"] = tag(result);
    }
    json!({"accept": true, "result": fields})
}
