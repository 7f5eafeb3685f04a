//! celery-rs as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md.

use celery::{prelude::*, Celery, CeleryBuilder};
use publish::publish;
use serde_json::{from_slice, json, Value};
use std::{cell::RefCell, process, rc::Rc, sync::Arc};
use tagged::{accept, check_scheme, outcome, serve, skip, stored_body, tag, text, Failure};
use tokio::task::{spawn_local, JoinHandle};
use tokio::time::{sleep, Duration, Instant};

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
        let mut builder =
            CeleryBuilder::new("conformance", text(command, "broker")).default_queue(text(command, "queue"));
        if text(command, "backend").starts_with("redis") {
            builder = builder.result_backend(RedisBackend::new(text(command, "backend"))?);
        }
        self.app.replace(Some(tasks::register(builder.build().await?).await?));
        Ok(json!({"ok": true}))
    }

    fn app(&self) -> Result<Arc<Celery>, Failure> {
        self.app.borrow().clone().ok_or_else(|| "not configured".into())
    }

    async fn result(&self, id: &str, timeout_ms: u64) -> Result<Value, Failure> {
        let backend = self.app()?.result_backend().ok_or_else(|| skip("it has results in Redis only"))?;
        let until = Instant::now() + Duration::from_millis(timeout_ms);
        while Instant::now() < until {
            if let Some(meta) = backend.get_task_meta(id).await?.filter(|meta| meta.status.is_ready()) {
                return Ok(outcome(&meta.status.to_string(), &meta.result.unwrap_or_default()));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(json!({"state": "PENDING"}))
    }

    fn decode(&self, command: &Value) -> Result<Value, Failure> {
        let meta: TaskMeta = match from_slice(&stored_body(command)?) {
            Err(problem) => return Ok(json!({"accept": false, "reason": problem.to_string()})),
            Ok(meta) => meta,
        };
        let children = tag(&meta.children.into());
        let others = json!({"task_id": meta.task_id, "traceback": meta.traceback, "children": children, "date_done": meta.date_done});
        Ok(accept(&meta.status.to_string(), &meta.result.unwrap_or_default(), others))
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
            "result" => self.result(text(command, "id"), command["timeout_ms"].as_u64().unwrap_or(0)).await,
            "work" => self.work(text(command, "queue").into()),
            "decode" => self.decode(command),
            "drain" => self.drain().await,
            other => Err(skip(format!("this adapter has no {other}"))),
        }
    }
}

fn about() -> Value {
    json!({
        "name": "celery-rs", "language": "rust", "version": "0.6.3", "homepage": "https://github.com/GaiaNet-AI/celery-rs",
        "roles": ["producer", "worker", "results"], "commands": ["decode", "publish", "result", "work", "drain"],
        "features": {"protocol": [2], "serializers": ["json", "yaml", "pickle", "msgpack"], "brokers": ["redis", "amqp"], "backends": ["redis"],
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
