// Starts a task that tells how far it is, and shows it: node examples/progress.mjs
import { Client, TaskFailedError } from "celerity-client";

const client = Client.fromEnv();
const task = await client.submit("examples.slow", [5]);
for await (const { event, data } of task.events()) {
  if (event === "progress" && data.state === "PROGRESS")
    console.log(`${data.meta.done} of ${data.meta.total}`);
}
try {
  console.log(await task.result());
} catch (error) {
  if (!(error instanceof TaskFailedError)) throw error;
  console.error(`It failed: ${error.error?.message}`);
}
