/** The state that events leave behind, here and in Celery's own State. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ClusterEvent, ClusterState, type ClusterTask, type ClusterWorker } from "../../../app/index.ts";
import { cleanUp } from "../../../testing/clean-up.ts";
import { pythonEnvironment } from "../../helpers/python-environment.ts";
import { PythonLines } from "../../helpers/python-lines.ts";

/** Seconds since 1970 that all cases are near to. */
const START = 1_790_000_000;

interface Case {
  readonly maxTasks: number;
  readonly maxWorkers: number;
  readonly now: number;
  readonly events: readonly ClusterEvent[];
}

const nodes = fc.constantFrom("w1", "w2", "w3");
const ids = fc.constantFrom("a", "b", "c", "d", "e", "f");
/** Few different values, so that clocks tie and go backwards; 0 is a clock that nobody keeps. */
const times = fc.integer({ min: 0, max: 80 }).map((quarters) => START + quarters / 4);
const envelope = { hostname: nodes, timestamp: times, local_received: times, clock: fc.nat(9) };
const text = fc.option(fc.constantFrom("x", "y", ""));

/** A task's parent is always the same. */
const PARENTS: Readonly<Record<string, string | null>> = { a: null, b: "a", c: "a", d: "c", e: "f", f: "f" };

const taskEvents = fc
  .record(
    {
      ...envelope,
      type: fc
        .constantFrom(
          ...["sent", "received", "started", "succeeded", "failed", "retried", "revoked", "rejected"],
          ...["cancelled", "progress", "retry", "Ünder-way", ""],
        )
        .map((subject) => `task-${subject}`),
      uuid: ids,
      name: fc.constantFrom("add", "mul", null),
      args: text,
      kwargs: text,
      eta: text,
      expires: text,
      result: text,
      exception: text,
      traceback: text,
      exchange: text,
      routing_key: text,
      root_id: fc.option(ids),
      parent_id: fc.constant("of its id"),
      retries: fc.nat(2),
      runtime: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
      note: fc.option(fc.oneof(fc.nat(3), fc.boolean(), fc.constant("text"))),
    },
    { requiredKeys: ["hostname", "timestamp", "local_received", "clock", "type", "uuid"] },
  )
  .map((event) => ("parent_id" in event ? { ...event, parent_id: PARENTS[event.uuid] } : event));
const workerEvents = fc.record(
  {
    ...envelope,
    type: fc.constantFrom("worker-online", "worker-heartbeat", "worker-offline", "worker-elect"),
    pid: fc.integer({ min: 1, max: 3 }),
    freq: fc.constantFrom(0, 0.5, 2, 5),
    active: fc.nat(3),
    processed: fc.nat(3),
    loadavg: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
    sw_ident: fc.constantFrom("celerity", "py-celery"),
    sw_ver: fc.constantFrom("1", "2"),
    sw_sys: fc.constant("Linux"),
  },
  { requiredKeys: ["hostname", "timestamp", "local_received", "clock", "type"] },
);
/** Without something that an event must have, or of no known group. */
const oddEvents = fc.oneof(
  fc.constantFrom("uuid", "hostname", "timestamp", "local_received", "clock").chain((missing) =>
    fc.oneof(taskEvents, workerEvents).map((event) => {
      const { [missing]: _, ...rest } = event as Record<string, unknown>;
      return rest;
    }),
  ),
  fc.record({ ...envelope, type: fc.constantFrom("other-thing", "other", "worker", "task"), uuid: ids }),
);
const cases: fc.Arbitrary<Case> = fc.record({
  maxTasks: fc.constantFrom(2, 3, 10_000),
  maxWorkers: fc.constantFrom(2, 5000),
  now: times.map((time) => time + 3),
  events: fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: taskEvents },
        { weight: 3, arbitrary: workerEvents },
        { weight: 1, arbitrary: oddEvents },
      ),
      { maxLength: 60, size: "max" },
    )
    .map((events) => events as unknown as ClusterEvent[]),
});

test("is Celery's, whatever comes in whatever order", { timeout: 180_000 }, async () => {
  const celery = new PythonLines({
    version: "latest",
    file: fileURLToPath(new URL("cluster_state.py", import.meta.url)),
    env: pythonEnvironment(),
  });
  cleanUp(() => celery.close());
  const property = fc.asyncProperty(cases, async (given) => {
    expect(describeState(given)).toEqual(await celery.call(given));
  });
  // A failure is printed with its seed, and the shortest case that fails.
  await fc.assert(property, { numRuns: 400 });
});

function describeState({ maxTasks, maxWorkers, now, events }: Case): unknown {
  const state = new ClusterState({ maxTasks, maxWorkers });
  for (const event of events) state.event(event);
  return {
    tasks: [...state.tasks].map(([uuid, task]) => [uuid, describeTask(task, state, maxTasks)]),
    workers: [...state.workers].map(([name, worker]) => [name, describeWorker(worker, now)]),
    latest: uuidsOf(state.tasksByTime({})),
    earliest: uuidsOf(state.tasksByTime({ earliestFirst: true })),
    ofType: uuidsOf(state.tasksByTime({ name: "add" })),
    ofWorker: uuidsOf(state.tasksByTime({ worker: "w1" })),
    types: state.taskTypes,
    counts: [state.eventCount, state.taskCount],
  };
}

function uuidsOf(tasks: Iterable<ClusterTask>): string[] {
  return [...tasks].map(({ uuid }) => uuid);
}

function describeTask(
  task: ClusterTask,
  state: ClusterState,
  maxTasks: number,
): Readonly<Record<string, unknown>> {
  const { name, args, kwargs, eta, expires, retries, result, exception, traceback, runtime } = task;
  const { exchange, clock, timestamp, client, times: at } = task;
  const { sent = null, received = null, started = null, succeeded = null } = at;
  const { failed = null, retried = null, revoked = null, rejected = null } = at;
  return {
    ...{
      state: task.state,
      name,
      args,
      kwargs,
      eta,
      expires,
      retries,
      result,
      exception,
      traceback,
      runtime,
    },
    ...{ exchange, clock, timestamp, client, worker: task.worker?.hostname ?? null },
    ...{ routing_key: task.routingKey, root_id: task.rootId, parent_id: task.parentId },
    ...{ sent, received, started, succeeded, failed, retried, revoked, rejected },
    note: task.extra.get("note") ?? null,
    // Celery finds the children of a parent that was forgotten later than this does.
    children: maxTasks < 100 ? [] : uuidsOf(state.childrenOf(task.uuid)).sort(),
  };
}

function describeWorker(worker: ClusterWorker, now: number): Readonly<Record<string, unknown>> {
  const { id, pid, freq, clock, active, processed, loadavg, heartbeats } = worker;
  const software = {
    sw_ident: worker.softwareName,
    sw_ver: worker.softwareVersion,
    sw_sys: worker.softwareSystem,
  };
  return {
    id,
    pid,
    freq,
    clock,
    active,
    processed,
    loadavg,
    heartbeats,
    ...software,
    alive: worker.isAlive(now),
  };
}
