/** Messages that three workers did not survive: one that ran is the cause, one that they only held is not. */
import { expect, test } from "vitest";
import type { App, AsyncResult } from "../../app/index.ts";
import { toResultDocument } from "../../protocol/index.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";

const WAIT = { timeoutMs: 20_000 };

/** Sends a task whose message says how many deliveries came before. */
function send(app: App, deliveries: number, options: object = {}): Promise<AsyncResult> {
  return app.sendTask("look", { headers: { "celerity-deliveries": deliveries }, ...options });
}

/** An app with a task that answers with what is stored for it while it runs. */
function lookingApp(): App {
  const app = testApp();
  app.task("look", { bind: true }, async ({ request }) => {
    const { status, result } = (await (await app.backend()).get(request.id)) ?? {};
    return { status, result };
  });
  return app;
}

async function storeStarted(app: App, { id }: AsyncResult, result: object): Promise<void> {
  const document = toResultDocument({ taskId: id, state: "STARTED", result, now: new Date().toISOString() });
  await (await app.backend()).store([{ document }]);
}

test.each([2, 3, 9])("one that %i workers held runs, and that is noted before", async (deliveries) => {
  const app = lookingApp();
  const sent = await send(app, deliveries);
  const { hostname } = await testWorker(app);
  const result = { pid: process.pid, hostname, suspect: true };
  expect(await sent.get(WAIT)).toEqual({ status: "STARTED", result });
});

test("several that workers held run one after the other", async () => {
  const app = lookingApp();
  const sent = await Promise.all([1, 2, 3, 4].map((deliveries) => send(app, deliveries)));
  await testWorker(app);
  expect(await Promise.all(sent.map((result) => result.get(WAIT)))).toHaveLength(4);
});

test("one that is tracked anyway runs too, though its state says that it was started", async () => {
  const app = lookingApp();
  const sent = await send(app, 3);
  await storeStarted(app, sent, { pid: 1, hostname: "other" });
  await testWorker(app);
  expect(await sent.get(WAIT)).toMatchObject({ status: "STARTED", result: { suspect: true } });
});

test("one that was noted and did not end is a dead letter", async () => {
  const app = lookingApp();
  const sent = await send(app, 3);
  await storeStarted(app, sent, { pid: 1, hostname: "other", suspect: true });
  await testWorker(app);
  await expect(sent.get(WAIT)).rejects.toMatchObject({ type: "WorkerLostError" });
  const [letter] = await takeMessages(app, "celery.dead", 1);
  expect(letter?.message?.headers).toMatchObject({ id: sent.id, "x-celerity-reason": "worker_lost" });
});

test.each<[string, number, object]>([
  ["one that ten workers held", 10, {}],
  ["one whose result nobody keeps, after three", 3, { ignoreResult: true }],
])("%s is a dead letter", async (_which, deliveries, options) => {
  const app = lookingApp();
  const sent = await send(app, deliveries, options);
  await testWorker(app);
  const [letter] = await takeMessages(app, "celery.dead", 1);
  expect(letter?.message?.headers).toMatchObject({ id: sent.id, "x-celerity-reason": "worker_lost" });
});
