//! Adds up in parallel: `cargo run --example workflow`, with a gateway of `npm start` at `CELERITY_URL`.

use std::time::Duration;

use celerity_client::{chord, Call, Client, ProblemKind, Result};

fn main() -> Result<()> {
    let client = Client::from_env()?;
    let sums = (1..=5).map(|n| Call::new("examples.add").args((n, n)));
    let workflow = client.workflow(chord(sums, Call::new("examples.sum")))?;
    let total: i64 = workflow.result(Duration::from_secs(60))?;
    println!("the sum of all is {total}");

    let failure =
        client.call::<()>(Call::new("examples.fail").args(["no stock"]), Duration::from_secs(60)).unwrap_err();
    if failure.kind() == Some(ProblemKind::TaskFailed) {
        println!("a task that fails: {failure}");
    }
    Ok(())
}
