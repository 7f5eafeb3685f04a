//! Sends a task and shows its progress: `cargo run --example progress`, with a gateway of `npm start` at `CELERITY_URL`.

use celerity_client::{Call, Client, Result, Task};

fn main() -> Result<()> {
    let handle = Client::from_env()?.submit(Call::new("examples.slow").args([3]))?;
    println!("{}", handle.id());
    for event in handle.events() {
        let event = event?;
        let task: Task = event.json()?;
        match event.event.as_str() {
            "progress" => println!("{}", task.meta::<serde_json::Value>()?),
            "result" => println!("{}", task.result::<String>()?),
            _ => println!("{}", task.state),
        }
    }
    Ok(())
}
