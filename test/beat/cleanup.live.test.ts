import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { sqliteFile } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

it("is a task of every worker whose results are in a database, and removes what has expired", async () => {
  const app = testApp({ resultBackend: `db+sqlite:///${await sqliteFile()}`, resultExpires: 1 });
  const add = app.task("tasks.add", (x: number, y: number) => x + y);
  await testWorker(app, { pool: "async" });
  const sum = await add.applyAsync([1, 2]);
  expect(await sum.get({ timeoutMs: 10_000 })).toBe(3);
  await sleep(1500);
  const cleanup = await app.sendTask<number>("celery.backend_cleanup");
  expect(await cleanup.get({ timeoutMs: 10_000 })).toBe(1);
  expect(await sum.state()).toBe("PENDING");
});

it("is no task where results expire by themselves", async () => {
  const app = testApp();
  await testWorker(app, { pool: "async" });
  expect(app.tasks.has("celery.backend_cleanup")).toBe(false);
});
