// What the compiler says of programs that use the package.
import { Client, chain, type Task, TaskFailedError, task, verifyWebhook } from "celerity-client";

const client = new Client("http://127.0.0.1:8420", "key", { exactNumbers: true });

const sent: Task<number> = await client.submit<number>("examples.add", [2, 3], {
  delay: "PT1M",
  eta: new Date(),
});
export const sum: number = await sent.result({ timeout: 60 });
export const { state, result = 0 } = await sent.wait();
export const more: number = result + (await client.call<number>("examples.add"));
// @ts-expect-error: without a type nothing is known of a result
(await client.call("examples.add", [2, 3])).toFixed();
// @ts-expect-error: not an option
await client.submit("examples.add", [2, 3], { retries: 3 });
await client.workflow(
  chain(task("examples.add", [1, 2], { options: { queue: "bulk" } }), task("examples.add", [3])),
);
// @ts-expect-error: a chain is made of canvases
chain("examples.add");

for (const answer of await client.batch([{ task: "examples.add" }]))
  export_(answer.problem === undefined ? answer.task.id : answer.problem.type);
for await (const { event, id } of sent.events()) export_(event + id);
const error: unknown = undefined;
if (error instanceof TaskFailedError) export_(error.error?.message ?? error.taskId);
export_((await verifyWebhook(new Uint8Array(), new Headers(), ["whsec_AAAA"])).type);

function export_(_text: string): void {}
