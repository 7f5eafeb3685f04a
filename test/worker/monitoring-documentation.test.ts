import { expect, test } from "vitest";
import { ClusterState } from "../../app/index.ts";
import { examples, pageText, runExample } from "../helpers/documentation.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const page = examples("monitoring.md");

test("the page has examples", () => {
  expect(page).toHaveLength(2);
});

test.each(page)("prints what the page says: $output", async (example) => {
  expect(await runExample(example)).toBe(example.output);
});

test("names all metrics that there are", async () => {
  let url = "";
  const note = (facts: object): void => {
    if ("url" in facts) url = String(facts.url);
  };
  const logger = { debug: () => undefined, info: note, warn: () => undefined };
  await testWorker(testApp(), { pool: "async", metrics: { port: 0 }, logger });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const names = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
  const text = pageText("monitoring.md").replace(
    "`, `_waiting`, `_scheduled`",
    "` `celerity_tasks_waiting` `celerity_tasks_scheduled`",
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

test("the state remembers as many as the page says", () => {
  const state = new ClusterState();
  for (let at = 0; at < 10_001; at += 1) {
    const event = { hostname: `w${at}`, clock: at + 1, timestamp: 1, local_received: 1 };
    state.event({ ...event, type: "task-started", uuid: `t${at}` });
  }
  expect([state.tasks.size, state.workers.size]).toEqual([10_000, 5000]);
});
