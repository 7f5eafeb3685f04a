/** Celerity and Celery as their adapters, tried with scenarios. Whole runs on real brokers: `npm run conformance:brokers`. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  exitCodeOf,
  explainResult,
  loadSuite,
  type Run,
  readPatterns,
  runVectors,
  type ServerChoice,
  selectVectors,
} from "../../conformance/index.ts";
import { requirePython } from "../helpers/python-environment.ts";
import { amqpUrl, redisUrl } from "../helpers/services.ts";

const { vectors } = loadSuite();
const root = fileURLToPath(new URL("../../", import.meta.url));
const adapters = `${root}conformance/adapters/`;
/** The compiled one: its workers start several processes each. */
const celerityAdapter = `${root}dist/conformance/adapters/celerity/adapter.js`;
const known = readPatterns(`@${adapters}celerity/known-failing.txt`);

interface Tried {
  readonly ids?: readonly string[];
  readonly servers?: ServerChoice;
}

async function tryOut(command: readonly [string, ...string[]], { ids, servers = {} }: Tried): Promise<Run> {
  return await runVectors({
    vectors: selectVectors(vectors, { ids }),
    session: { command, timeoutMs: 40_000 },
    servers,
    knownFailing: known,
  });
}

async function tryCelerity(tried: Tried): Promise<Run> {
  if (!existsSync(celerityAdapter))
    throw new Error(`There is no ${celerityAdapter}: run \`npm run build\` first.`);
  return await tryOut([process.execPath, celerityAdapter], tried);
}

function expectRight({ results, stderr }: Run, atLeast: number): void {
  const wrong = results.filter(({ status }) => ["fail", "error", "warn", "skip"].includes(status));
  expect(wrong.map(explainResult), stderr).toEqual([]);
  expect(exitCodeOf(results)).toBe(0);
  const passed = results.filter(({ status }) => status === "pass" || status === "info");
  expect(passed.length).toBeGreaterThanOrEqual(atLeast);
}

/** Some of each level: workers that are started for one scenario take their time. */
const SOME = [
  "encode.option.limits",
  "produce.publish.task-id",
  "work.run.args",
  "work.retry.twice",
  "work.eta.countdown",
  "store.success",
  "read.success.object",
  "hostile.body.not-json",
  "delivery.worker-killed.late-runs-again",
  "canvas.chain.two",
  "canvas.chord.two",
  "control.ping",
  "events.task-succeeded",
  "gateway.submit.accepted",
  "signed.args",
];

const BROKERS: readonly (readonly [name: string, servers: () => Promise<ServerChoice>, atLeast: number])[] = [
  ["the recorder", async () => ({}), 14],
  ["Redis", async () => ({ broker: await redisUrl() }), 14],
  ["RabbitMQ", async () => ({ broker: await amqpUrl() }), 13],
  ["RabbitMQ with rooms", async () => ({ broker: await amqpUrl(), rooms: [await amqpUrl()] }), 13],
  ["SQLite", async () => ({ broker: "sqlite" }), 10],
];

describe("Celerity", () => {
  // It takes all of the machine for minutes, and times within it suffer from other tests.
  test.skipIf(process.env["CONFORMANCE_FULL"] === undefined)(
    "passes every MUST and SHOULD of all levels",
    async () => {
      const run = await tryCelerity({});
      expectRight(run, vectors.length - known.length - 1);
      const disabled = run.results.filter(({ status }) => status === "disabled");
      expect(disabled.map(({ id, message }) => `${id} ${message}`)).toEqual(
        disabled.map(({ id }) => `${id} needs a broker of amqp`),
      );
    },
    600_000,
  );

  test.each(BROKERS)(
    "passes some of each level on %s",
    async (_, open, atLeast) => {
      expectRight(await tryCelerity({ ids: SOME, servers: await open() }), atLeast);
    },
    200_000,
  );
});

test("answers that come as messages are seen, and what needs a store is skipped", async () => {
  const ids = [
    "work.run.args",
    "work.fail.value-error",
    "store.success",
    "work.ignored.header",
    "read.success.object",
  ];
  const servers = { broker: await amqpUrl(), backend: "rpc://" };
  const { results, stderr } = await tryCelerity({ ids, servers });
  const statuses = Object.fromEntries(results.map(({ id, status }) => [id, status]));
  expect(statuses, results.map(explainResult).join("\n") + stderr).toEqual({
    "work.run.args": "pass",
    "work.fail.value-error": "pass",
    "store.success": "pass",
    "work.ignored.header": "pass",
    "read.success.object": "skip",
  });
}, 200_000);

test("Celery passes some of the levels of workers", async () => {
  const ids = [
    "work.run.*",
    "work.fail.*",
    "work.retry.*",
    "work.expires.past",
    "work.ignored.*",
    "store.success",
    "store.failure.*",
    "read.failure.*",
    "delivery.worker-killed.late-runs-again",
    "canvas.chain.two",
    "canvas.chord.two",
    "control.ping",
    "events.task-succeeded",
  ];
  const adapter = `${adapters}python-celery/adapter.py`;
  expectRight(await tryOut([requirePython("latest"), adapter], { ids }), 40);
}, 200_000);
