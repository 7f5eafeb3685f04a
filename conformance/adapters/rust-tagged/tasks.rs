//! Those of the standard tasks that are functions of fixed types, for celery-rs and rusty-celery: each adapter includes this file.

use celery::{prelude::*, Celery};
use serde_json::{json, Value};
use std::{sync::Arc, time::Duration};

/// Calls a macro with all of them.
macro_rules! each_task {
    ($call:ident!($($given:tt)*)) => {
        $call!([add, wire_add, echo, types, big, sum, meta, fail, retry, sleep, late, crash] $($given)*)
    };
}
pub(crate) use each_task;

/// The app with all of them.
pub async fn register(app: Celery) -> Result<Arc<Celery>, CeleryError> {
    macro_rules! register_all {
        ([$($task:ident),*]) => { $(app.register_task::<$task>().await?;)* };
    }
    each_task!(register_all!());
    Ok(Arc::new(app))
}

#[celery::task(name = "conf.add")]
pub fn add(x: i64, y: i64) -> TaskResult<i64> {
    Ok(x + y)
}

/// What the vectors of messages call.
#[celery::task(name = "wire.add")]
pub fn wire_add(x: i64, y: i64) -> TaskResult<i64> {
    Ok(x + y)
}

#[celery::task(name = "conf.echo")]
pub fn echo(value: Value) -> TaskResult<Value> {
    Ok(value)
}

#[celery::task(name = "conf.types")]
pub fn types() -> TaskResult<Value> {
    let object = json!({"a": {"b": null}});
    Ok(
        json!({"null": null, "true": true, "int": 1, "float": 1.5, "text": "naïve ☃", "list": [1, [2]], "object": object}),
    )
}

#[celery::task(name = "conf.big")]
pub fn big(length: usize) -> TaskResult<String> {
    Ok("x".repeat(length))
}

#[celery::task(name = "conf.sum")]
pub fn sum(numbers: Vec<i64>) -> TaskResult<i64> {
    Ok(numbers.iter().sum())
}

#[celery::task(name = "conf.meta", bind = true)]
pub fn meta(task: &Self) -> TaskResult<Value> {
    let (request, unknown) = (&task.request, Value::Null);
    Ok(json!({
        "id": request.id, "retries": request.retries, "root_id": unknown, "parent_id": unknown,
        "group": request.group, "correlation_id": request.correlation_id, "headers": unknown,
    }))
}

/// `kind` because `type` is a word of Rust; errors have no types. Without max_retries it would be retried for ever.
#[celery::task(name = "conf.fail", max_retries = 0)]
pub fn fail(kind: String, message: String) -> TaskResult<()> {
    Err(TaskError::UnexpectedError(format!("{kind}: {message}")))
}

#[celery::task(name = "conf.retry", bind = true)]
pub fn retry(task: &Self, times: u32) -> TaskResult<u32> {
    if task.request.retries < times {
        return task.retry_with_countdown(0);
    }
    Ok(times)
}

#[celery::task(name = "conf.sleep")]
pub async fn sleep(milliseconds: u64) -> TaskResult<u64> {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok(milliseconds)
}

#[celery::task(name = "conf.late", acks_late = true)]
pub async fn late(milliseconds: u64) -> TaskResult<u64> {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok(milliseconds)
}

#[celery::task(name = "conf.crash")]
pub fn crash() -> TaskResult<()> {
    std::process::exit(1)
}
