//! rusty-celery as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md.

#![allow(non_local_definitions)] // what the macro of its tasks makes

use celery::{Celery, CeleryBuilder};
use publish::publish;
use serde_json::{json, Value};
use std::{cell::RefCell, process, rc::Rc, sync::Arc};
use tagged::{check_scheme, serve, skip, text, Failure};
use tokio::task::{spawn_local, JoinHandle};

#[path = "../../rust-tagged/publish.rs"]
mod publish;
#[path = "../../rust-tagged/tasks.rs"]
mod tasks;

#[derive(Default)]
struct Adapter {
    app: RefCell<Option<Arc<Celery>>>,
    worker: RefCell<Option<JoinHandle<()>>>,
}

impl Adapter {
    async fn configure(&self, command: &Value) -> Result<Value, Failure> {
        check_scheme(text(command, "broker"), &["redis", "amqp"])?;
        let builder = CeleryBuilder::new("conformance", text(command, "broker")).default_queue(text(command, "queue"));
        self.app.replace(Some(tasks::register(builder.build().await?).await?));
        Ok(json!({"ok": true}))
    }

    fn app(&self) -> Result<Arc<Celery>, Failure> {
        self.app.borrow().clone().ok_or_else(|| "not configured".into())
    }

    fn work(&self, queue: String) -> Result<Value, Failure> {
        let app = self.app()?;
        let consume = async move {
            if let Err(problem) = app.consume_from(&[&queue]).await {
                eprintln!("consume_from ended with {problem:?}");
                process::exit(1);
            }
        };
        self.worker.replace(Some(spawn_local(consume)));
        Ok(json!({"ready": true}))
    }

    /// A worker shuts down warmly by a signal and not otherwise.
    async fn drain(&self) -> Result<Value, Failure> {
        process::Command::new("kill").arg(process::id().to_string()).status()?;
        self.worker.take().ok_or("no worker")?.await?;
        Ok(json!({"ok": true}))
    }

    async fn answer(&self, command: &Value) -> Result<Value, Failure> {
        match text(command, "cmd") {
            "start" => Ok(about()),
            "configure" => self.configure(command).await,
            "publish" => publish(self.app()?, &command["call"]).await,
            "work" => self.work(text(command, "queue").into()),
            "drain" => self.drain().await,
            other => Err(skip(format!("this adapter has no {other}"))),
        }
    }
}

fn about() -> Value {
    json!({
        "name": "rusty-celery", "language": "rust", "version": "0.5.5", "homepage": "https://github.com/rusty-celery/rusty-celery",
        "roles": ["producer", "worker"], "commands": ["publish", "work", "drain"],
        "features": {"protocol": [2], "serializers": ["json", "yaml", "pickle", "msgpack"], "brokers": ["redis", "amqp"],
            "eta": true, "expires": true, "retries": true, "time_limits": true, "acks_late": true},
    })
}

#[tokio::main]
async fn main() {
    env_logger::init();
    let adapter = Rc::new(Adapter::default());
    let answer = |command: Value| {
        let adapter = adapter.clone();
        async move { adapter.answer(&command).await }
    };
    serve(answer).await;
    process::exit(0);
}
