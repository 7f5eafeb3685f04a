//! Publishing with celery-rs and rusty-celery: each adapter includes this file.

use crate::tasks::{self, each_task};
use celery::protocol::{Message, MessageContentType::*};
use celery::{prelude::*, task::Signature, Celery};
use serde_json::{from_value, json, Value};
use std::sync::Arc;
use tagged::{bind, skip, text, untag, Failure};

/// Sends the call of one of the tasks to the app's default queue.
pub async fn publish(app: Arc<Celery>, call: &Value) -> Result<Value, Failure> {
    let name = text(call, "task");
    macro_rules! send {
        ([$($task:ident),*]) => { $(if name == tasks::$task::NAME {
            return send::<tasks::$task>(&app, call).await;
        })* };
    }
    if name == "conf.fail" {
        return Err(skip("no parameter can be named type"));
    }
    each_task!(send!());
    Err(skip(format!("it sends its own typed tasks only, and {name} is not one of them")))
}

async fn send<T: Task>(app: &Celery, call: &Value) -> Result<Value, Failure> {
    let mut signature = Signature::<T>::new(typed(bind(T::ARGS, call)?)?);
    let options = untag(&call["options"])?;
    let mut id = None;
    for (name, value) in options.as_object().into_iter().flatten() {
        let value = value.clone();
        signature = match name.as_str() {
            "countdown" => signature.with_countdown(typed(value)?),
            "eta" => signature.with_eta(typed(value)?),
            "expires" if value.is_number() => signature.with_expires_in(typed(value)?),
            "expires" => signature.with_expires(typed(value)?),
            "soft_time_limit" => signature.with_time_limit(typed(value)?),
            "time_limit" => signature.with_hard_time_limit(typed(value)?),
            "serializer" if value == "json" => signature.with_content_type(Json),
            "serializer" if value == "yaml" => signature.with_content_type(Yaml),
            "serializer" if value == "pickle" => signature.with_content_type(Pickle),
            "serializer" if value == "msgpack" => signature.with_content_type(MsgPack),
            "task_id" => {
                id = value.as_str().map(String::from);
                signature
            }
            "protocol" => signature,
            _ => return Err(skip(format!("no means for the option {name}"))),
        };
    }
    let mut message = Message::try_from(signature)?;
    if let Some(id) = id {
        message.properties.correlation_id = id.clone();
        message.headers.id = id;
    }
    app.broker.send(&message, &app.default_queue).await?;
    Ok(json!({"id": message.task_id()}))
}

/// A value of the type that the place needs where it is used.
fn typed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failure> {
    from_value(value).map_err(skip)
}
