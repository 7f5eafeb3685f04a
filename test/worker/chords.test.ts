/** Chords in the worker: the body behind the last member, failures, polling, and sweeps. */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { type App, toSendOptions } from "../../app/index.ts";
import { createBackend, type ResultBackend } from "../../backends/index.ts";
import {
  BrokerError,
  EncodeError,
  type PlainObject,
  type ResultNode,
  type Signature,
  signature,
  toResultTuple,
} from "../../protocol/index.ts";
import { backendOptions, jsonEncoding, resultDocument } from "../../testing/result-backend.ts";
import {
  bodyResults,
  type ChordJoiner,
  type ChordMemberFacts,
  createChordJoiner,
  createChordUnlock,
  sweepChords,
} from "../../worker/chords/index.ts";
import { redisUrl, sqliteFile } from "../helpers/services.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";

const ERROR = { exc_type: "ValueError", exc_message: ["bad", 42], exc_module: "builtins" };

/** What was sent in place of a broker. */
interface Sent {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly options: PlainObject;
}

interface Scene {
  readonly backend: ResultBackend;
  readonly joiner: ChordJoiner;
  readonly sent: readonly Sent[];
  readonly warnings: readonly string[];
  /** Errors that the next calls to send reject with. */
  readonly troubles: Error[];
  /** Starts a chord of so many members, of which the first `counted` ended well. */
  start(size: number, counted: number, body?: Signature): Promise<Chord>;
  state(id: string): Promise<readonly [string, unknown] | undefined>;
  sweep(everyMs?: number): Promise<number>;
}

interface Chord {
  readonly groupId: string;
  readonly ids: readonly string[];
  readonly body: Signature;
  readonly bodyId: string;
  member(place: number): ChordMemberFacts;
  /** Stores that a member has ended, without counting it. */
  end(place: number, state?: string, result?: unknown): Promise<void>;
}

/** JSON that says of a value what it cannot hold, as the serializers of the package do. */
const encoding = {
  ...jsonEncoding,
  encode(value: unknown) {
    try {
      return jsonEncoding.encode(value);
    } catch (error) {
      throw new EncodeError("no JSON", { cause: error });
    }
  },
};

async function openScene(url: string, { expiresSeconds = 3600 } = {}): Promise<Scene> {
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const options = backendOptions(url, { onWarning, expiresSeconds, encoding, chords: { sweepSeconds: 0 } });
  const backend = await createBackend(options, () => Promise.reject(new Error("no broker")));
  onTestFinished(() => backend.close());
  const sent: Sent[] = [];
  const troubles: Error[] = [];
  const joiner = createChordJoiner({
    backend,
    onWarning,
    publishDeadlineSeconds: 0.2,
    async applySignature({ task, args, options: own, immutable }, given, more) {
      const trouble = troubles.shift();
      if (trouble !== undefined) throw trouble;
      sent.push({ task, args: immutable ? args : [...given, ...args], options: { ...own, ...more } });
    },
  });
  return {
    backend,
    joiner,
    sent,
    warnings,
    troubles,
    async start(size, counted, body = signature("sum", [], {}, { task_id: randomUUID() })) {
      const groupId = randomUUID();
      const ids = Array.from({ length: size }, () => randomUUID());
      const header = { id: groupId, children: ids.map((id) => ({ id })) };
      await backend.chords?.start({ groupId, size, header, body });
      const chord: Chord = {
        groupId,
        ids,
        body,
        bodyId: String(body.options["task_id"]),
        member: (groupIndex) => ({
          taskId: ids[groupIndex] ?? "",
          groupId,
          groupIndex,
          chord: body,
          rootId: "root",
        }),
        end: (place, state = "SUCCESS", result = place) =>
          backend.store([{ document: resultDocument(ids[place] ?? "", state, result) }]),
      };
      for (let place = 0; place < counted; place += 1) {
        await chord.end(place);
        await joiner.partReturned(chord.member(place), "SUCCESS", place);
      }
      return chord;
    },
    async state(id) {
      const document = await backend.get(id);
      return document && [document.status, document.result];
    },
    sweep: (everyMs = 0) => sweepChords({ backend, joiner, everyMs, onWarning }),
  };
}

const openMemory = (): Promise<Scene> => openScene(`cache+memory://${randomUUID()}`);

function chordError(message: string): unknown {
  return ["FAILURE", { exc_type: "ChordError", exc_message: [message], exc_module: "celery.exceptions" }];
}

describe("the body", () => {
  test("is sent once, behind the last member, in its family", async () => {
    const { joiner, sent, start } = await openMemory();
    const chord = await start(3, 2);
    expect(sent).toEqual([]);
    for (let repeat = 0; repeat < 3; repeat += 1)
      await joiner.partReturned(chord.member(2), "SUCCESS", "last");
    const options = { task_id: chord.bodyId, parent_id: chord.ids[2], root_id: "root" };
    expect(sent).toEqual([{ task: "sum", args: [[0, 1, "last"]], options }]);
  });

  test("keeps the family that it was sent with", async () => {
    const { sent, start } = await openMemory();
    const options = { task_id: "b", root_id: "its root", parent_id: null };
    const chord = await start(1, 1, signature("sum", [], {}, options));
    expect(sent[0]?.options).toEqual({ task_id: "b", root_id: "its root", parent_id: chord.ids[0] });
  });

  test("is sent again while the broker is away", async () => {
    const { sent, troubles, start } = await openMemory();
    troubles.push(
      new BrokerError("broker_unavailable", "away"),
      new BrokerError("broker_unconfirmed", "slow"),
    );
    await start(1, 1);
    expect(sent).toHaveLength(1);
  });

  test("is left to the next repeat of a member when the broker stays away", async () => {
    const { joiner, sent, troubles, start, state } = await openScene(await redisUrl());
    const chord = await start(2, 1);
    troubles.push(...Array.from({ length: 50 }, () => new BrokerError("broker_unavailable", "away")));
    await expect(joiner.partReturned(chord.member(1), "SUCCESS", 1)).rejects.toThrow("away");
    expect(await state(chord.bodyId)).toBeUndefined();
    troubles.length = 0;
    await joiner.partReturned(chord.member(1), "SUCCESS", 1);
    expect(sent.map(({ args }) => args)).toEqual([[[0, 1]]]);
  });

  test("that cannot be sent at all fails", async () => {
    const { troubles, start, state } = await openMemory();
    troubles.push(new EncodeError("no such value"));
    const { bodyId } = await start(1, 1);
    expect(await state(bodyId)).toEqual(chordError("Callback error: EncodeError('no such value')"));
  });

  test("is not sent by a worker that lost the claim", async () => {
    const url = await redisUrl();
    const { joiner, sent, troubles, warnings, start } = await openScene(url);
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const chord = await start(1, 0);
    troubles.push(new BrokerError("broker_unavailable", "away"));
    const returned = joiner.partReturned(chord.member(0), "SUCCESS", 0);
    await expect.poll(() => troubles.length).toBe(0);
    await redis.set(`celery-taskset-meta-${chord.groupId}.c`, "another worker");
    await returned;
    expect(sent).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("another worker has the claim")]);
  });
});

describe("a header that failed", () => {
  const errback = signature("on_error", ["own"], {}, { queue: "errors" });

  test.each(["FAILURE", "REVOKED"])("fails the body and calls its errbacks (%s)", async (outcome) => {
    const { joiner, sent, start, state } = await openScene(await redisUrl());
    const body = signature("sum", [], {}, { task_id: randomUUID(), link_error: [errback] });
    const chord = await start(2, 1, body);
    for (let repeat = 0; repeat < 2; repeat += 1) await joiner.partReturned(chord.member(1), outcome, ERROR);
    expect(await state(chord.bodyId)).toEqual(
      chordError(`Dependency ${chord.ids[1]} raised ValueError('bad', 42)`),
    );
    expect(sent).toEqual([
      {
        task: "on_error",
        args: [chord.bodyId, "own"],
        options: { queue: "errors", parent_id: chord.bodyId, root_id: chord.bodyId },
      },
    ]);
  });

  test("fails what comes behind the body, and all members of a body that is a group", async () => {
    const { joiner, start, state } = await openMemory();
    const rest = signature("later", [], {}, { task_id: "later" });
    const chord = await start(1, 0, signature("sum", [], {}, { task_id: "body", chain: [rest] }));
    await joiner.partReturned(chord.member(0), "FAILURE", ERROR);
    const message = `Dependency ${chord.ids[0]} raised ValueError('bad', 42)`;
    expect(await state("body")).toEqual(chordError(message));
    expect(await state("later")).toEqual(chordError(message));

    const members = ["one", "two"].map((task_id) => signature("task", [], {}, { task_id }));
    const group = {
      ...signature("celery.group", [], { tasks: members }, { task_id: "group" }),
      subtask_type: "group",
    };
    const other = await start(1, 0, group);
    await joiner.partReturned(other.member(0), "FAILURE", ERROR);
    // As Celery: the members of a group get the error itself.
    for (const id of ["one", "two", "group"]) expect(await state(id)).toEqual(["FAILURE", ERROR]);
  });

  test("counts in the outer chord, which fails in turn", async () => {
    const { joiner, start, state } = await openScene(await redisUrl());
    const outer = await start(2, 0);
    const options = { task_id: outer.ids[0], group_id: outer.groupId, group_index: 0, chord: outer.body };
    const inner = await start(1, 0, signature("inner", [], {}, options));
    await outer.end(1);
    await joiner.partReturned(outer.member(1), "SUCCESS", 1);
    await joiner.partReturned(inner.member(0), "FAILURE", ERROR);
    const message = `Dependency ${inner.ids[0]} raised ValueError('bad', 42)`;
    expect(await state(outer.ids[0] ?? "")).toEqual(chordError(message));
    const [status, result] = (await state(outer.bodyId)) ?? [];
    expect(status).toBe("FAILURE");
    expect(result).toMatchObject({
      exc_message: [expect.stringContaining(`${outer.ids[0]} raised ChordError("Dependency`)],
    });
  });

  test("by a result that nobody stores and no body can get", async () => {
    const { joiner, start, state } = await openScene(await redisUrl());
    const chord = await start(1, 0);
    await joiner.partReturned(chord.member(0), "SUCCESS", 1n);
    expect((await state(chord.bodyId))?.[1]).toMatchObject({
      exc_message: [expect.stringMatching(new RegExp(`^Dependency ${chord.ids[0]} raised EncodeError`))],
    });
  });

  test("because its chain ended early is counted with the chain's failure", async () => {
    const { joiner, start, state } = await openMemory();
    const chord = await start(1, 0);
    const last = { task_id: chord.ids[0], group_id: chord.groupId, group_index: 0, chord: chord.body };
    const steps = [signature("last", [], {}, last), signature("middle", [], {}, { task_id: "middle" })];
    await joiner.failSteps(steps, { state: "FAILURE", exception: ERROR });
    expect(await state("middle")).toEqual(["FAILURE", ERROR]);
    expect(await state(chord.bodyId)).toEqual(
      chordError(`Dependency ${chord.ids[0]} raised ValueError('bad', 42)`),
    );
  });
});

test("what waits for a body is found in every kind of canvas", () => {
  const task = (task_id: string, more: PlainObject = {}): Signature =>
    signature("t", [], {}, { task_id, ...more });
  const canvas = (type: string, kwargs: PlainObject, options: PlainObject = {}): Signature => ({
    ...signature(`celery.${type}`, [], kwargs, options),
    subtask_type: type,
  });
  const errback = signature("e");
  const outer = { chord: task("outer"), group_id: "og", group_index: 3 };
  const chain = canvas(
    "chain",
    { tasks: [task("a"), task("b", outer)] },
    { task_id: "b", link_error: [errback] },
  );
  expect(bodyResults(chain)).toEqual({
    taskIds: ["a", "b"],
    groupIds: [],
    errbacks: [{ errback, taskId: "b" }],
    outerMembers: [{ taskId: "b", groupId: "og", groupIndex: 3, chord: task("outer") }],
  });
  const header = canvas("group", { tasks: [task("h1"), task("h2")] });
  const chord = canvas(
    "chord",
    { header, body: task("body", { link_error: [errback] }) },
    { link_error: [errback] },
  );
  expect(bodyResults(chord)).toMatchObject({
    taskIds: ["h1", "h2", "body"],
    errbacks: [{ errback, taskId: "body" }],
  });
});

test("a body within itself does not last for ever", () => {
  const members: Signature[] = [];
  const loop: Signature = { ...signature("celery.group", [], { tasks: members }), subtask_type: "group" };
  members.push(loop);
  expect(bodyResults(loop).taskIds).toEqual([]);
});

describe("a sweep", () => {
  test("counts a member that ended but was not counted", async () => {
    const { sent, start, sweep, warnings } = await openScene(await redisUrl());
    const chord = await start(3, 2);
    await chord.end(2);
    // Not at first sight: its worker may be about to count it.
    await sweep();
    expect(sent).toEqual([]);
    await sweep();
    expect(sent.map(({ args }) => args)).toEqual([[[0, 1, 2]]]);
    expect(warnings).toEqual([expect.stringContaining("ended, but was not counted")]);
    expect(await sweep()).toBe(0);
  });

  test("counts a member anew whose count was lost", async () => {
    const url = await redisUrl();
    const { joiner, sent, start, sweep } = await openScene(url);
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const chord = await start(3, 2);
    await redis.del(`celery-taskset-meta-${chord.groupId}.j`, `celery-taskset-meta-${chord.groupId}.d`);
    await chord.end(2);
    await joiner.partReturned(chord.member(2), "SUCCESS", 2);
    for (let times = 0; times < 2; times += 1) await sweep();
    expect(sent.map(({ args }) => args)).toEqual([[[0, 1, 2]]]);
  });

  test("fails a chord whose member failed without being counted", async () => {
    const { start, state, sweep } = await openScene(await redisUrl());
    const chord = await start(2, 1);
    await chord.end(1, "REVOKED", ERROR);
    for (let times = 0; times < 2; times += 1) await sweep();
    expect(await state(chord.bodyId)).toEqual(
      chordError(`Dependency ${chord.ids[1]} raised ValueError('bad', 42)`),
    );
  });

  test("sends the body that a dead worker was about to send", async () => {
    const url = await redisUrl();
    const { backend, sent, start, sweep } = await openScene(url);
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const chord = await start(2, 1);
    const { taskId, groupId, groupIndex } = chord.member(1);
    await backend.chords?.part({
      ...{ taskId, groupId: String(groupId), groupIndex, body: chord.body },
      ...{ state: "SUCCESS", result: 1 },
    });
    // Its claim stands, and then runs out.
    for (let times = 0; times < 3; times += 1) await sweep();
    expect(sent).toEqual([]);
    await redis.del(`celery-taskset-meta-${groupId}.c`);
    for (let times = 0; times < 2; times += 1) await sweep();
    expect(sent.map(({ args }) => args)).toEqual([[[0, 1]]]);
  });

  test("several at once send one body", async () => {
    const url = await redisUrl();
    const scenes = await Promise.all([openScene(url), openScene(url), openScene(url)]);
    const [first] = scenes;
    const chords = await Promise.all(Array.from({ length: 10 }, () => first.start(2, 1)));
    await Promise.all(chords.map((chord) => chord.end(1)));
    for (let times = 0; times < 3; times += 1) await Promise.all(scenes.map(({ sweep }) => sweep()));
    expect(scenes.flatMap(({ sent }) => sent)).toHaveLength(10);
  });

  test("leaves chords alone that others look at, and that go on", async () => {
    const { start, sweep, sent } = await openScene(await redisUrl());
    await start(2, 1);
    expect(await sweep(60_000)).toBe(1);
    expect(await sweep(60_000)).toBe(0);
    expect(sent).toEqual([]);
  });

  test("ends a chord whose members do not end, before its count is gone", async () => {
    const { start, state, sweep } = await openScene(await redisUrl(), { expiresSeconds: 2 });
    const { groupId, bodyId } = await start(3, 1);
    expect(await state(bodyId)).toBeUndefined();
    await expect
      .poll(
        async () => {
          await sweep(1000);
          return state(bodyId);
        },
        { timeout: 5000 },
      )
      .toEqual(
        chordError(
          `Chord ${groupId} expired: 1 of its 3 members ended, and no member ended within the 2 seconds that it is counted`,
        ),
      );
  });

  test("ends a chord whose count went while nobody looked", async () => {
    const url = await redisUrl();
    const { start, state, sweep } = await openScene(url, { expiresSeconds: 60 });
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const { groupId, bodyId } = await start(3, 0);
    const key = `celery-taskset-meta-${groupId}`;
    await redis.del(`${key}.s`);
    await redis.hset(`${key}.w`, "touched", Date.now() - 61_000);
    await sweep();
    expect((await state(bodyId))?.[0]).toBe("FAILURE");
  });

  test("forgets chords that others ended", async () => {
    const url = await redisUrl();
    const { backend, sent, start, state, sweep } = await openScene(url);
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const [done, deleted, failed] = [await start(2, 1), await start(2, 1), await start(2, 1)];
    await redis.set(`celery-taskset-meta-${done.groupId}.c`, "done");
    // Celery 5.2 removes the size when it sent the body, and nothing when it failed it.
    await redis.del(`celery-taskset-meta-${deleted.groupId}.s`);
    await backend.store([{ document: resultDocument(failed.bodyId, "FAILURE", ERROR) }]);
    await failed.end(1);
    for (let times = 0; times < 3; times += 1) await sweep();
    expect(await redis.zcard("celerity-chords")).toBe(0);
    expect(sent).toEqual([]);
    expect(await state(done.bodyId)).toBeUndefined();
  });

  test("knows chords that Python sent once a member of them ended here", async () => {
    const url = await redisUrl();
    const { joiner, sent, sweep } = await openScene(url);
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const groupId = randomUUID();
    const key = `celery-taskset-meta-${groupId}`;
    const chord = signature("sum", [], {}, { task_id: randomUUID() });
    await redis.set(`${key}.s`, "2", "EX", 3600);
    await joiner.partReturned({ taskId: "t0", groupId, groupIndex: 0, chord }, "SUCCESS", 0);
    // The other one is counted by a worker of Python's that dies before it sends the body.
    await redis.zadd(`${key}.j`, 1, '[1, "t1", "SUCCESS", 1]');
    for (let times = 0; times < 2; times += 1) await sweep();
    expect(sent.map(({ args }) => args)).toEqual([[[0, 1]]]);
  });
});

describe("celery.chord_unlock", () => {
  const request = {
    id: "unlock",
    rootId: "root",
    retries: 0,
    deliveryInfo: { queue: "q", exchange: "", routingKey: "q", redelivered: false },
  };
  const kwargs = (header: readonly ResultNode[], more: PlainObject = {}): PlainObject => ({
    interval: null,
    max_retries: null,
    result: header.map(toResultTuple),
    ...more,
  });
  const body = signature("sum", [], {}, { task_id: "body" });

  async function open(resultExpires = 10) {
    const scene = await openScene(`db+sqlite:///${await sqliteFile()}`);
    const { backend, joiner } = scene;
    return {
      ...scene,
      unlock: createChordUnlock({ backend, joiner, retryIntervalSeconds: 2, resultExpires }),
    };
  }
  const ended = (id: string, state: string, result: unknown) => ({
    document: resultDocument(id, state, result),
  });

  test("comes again until all members have ended, then sends the body", async () => {
    const { backend, sent, unlock } = await open();
    const header = [{ id: "a" }, { id: "g", children: [{ id: "b" }, { id: "c" }] }];
    await backend.store([ended("a", "SUCCESS", 1), ended("b", "SUCCESS", 2), ended("c", "STARTED", {})]);
    const again = await unlock(["group", body], kwargs(header), { ...request, retries: 3 });
    expect(again).toMatchObject({ state: "RETRY", retries: 4, exception: { exc_type: "Retry" } });
    if (again.state === "RETRY") expect(again.etaMs - Date.now()).toBeGreaterThan(1500);
    const soon = await unlock(["group", body], kwargs(header, { interval: 0.5 }), request);
    if (soon.state === "RETRY") expect(soon.etaMs - Date.now()).toBeLessThan(600);
    await backend.store([ended("c", "SUCCESS", 3)]);
    expect(await unlock(["group", body], kwargs(header), request)).toEqual({
      state: "SUCCESS",
      result: null,
    });
    const options = { task_id: "body", parent_id: "unlock", root_id: "root" };
    expect(sent).toEqual([{ task: "sum", args: [[1, [2, 3]]], options }]);
  });

  test("fails the body when a member failed", async () => {
    const { backend, state, unlock } = await open();
    await backend.store([ended("a", "SUCCESS", 1), ended("b", "FAILURE", ERROR)]);
    expect(await unlock(["group", body], kwargs([{ id: "a" }, { id: "b" }]), request)).toMatchObject({
      state: "SUCCESS",
    });
    expect(await state("body")).toEqual(chordError("Dependency b raised ValueError('bad', 42)"));
  });

  test.each([
    ["its own limit", { max_retries: 7 }, 7],
    ["as long as results are kept", {}, 5],
  ])("gives up after %s", async (_name, more, limit) => {
    const { state, unlock } = await open(10);
    const last = await unlock(["group", body], kwargs([{ id: "a" }], more), {
      ...request,
      retries: limit - 1,
    });
    expect(last.state).toBe("RETRY");
    const over = await unlock(["group", body], kwargs([{ id: "a" }], more), { ...request, retries: limit });
    expect(over).toMatchObject({ state: "FAILURE", exception: { exc_type: "MaxRetriesExceededError" } });
    const [status, result] = (await state("body")) ?? [];
    expect(status).toBe("FAILURE");
    expect(result).toMatchObject({
      exc_message: [expect.stringMatching(/^chord_unlock could not be retried: Max/)],
    });
  });

  test("does not send a body again that is on its way, and waits while the broker is away", async () => {
    const { backend, sent, troubles, unlock } = await open();
    await backend.store([ended("a", "SUCCESS", 1)]);
    const redelivered = { ...request, deliveryInfo: { ...request.deliveryInfo, redelivered: true } };
    troubles.push(new BrokerError("broker_unavailable", "away"));
    expect((await unlock(["group", body], kwargs([{ id: "a" }]), redelivered)).state).toBe("RETRY");
    await unlock(["group", body], kwargs([{ id: "a" }]), redelivered);
    await backend.store([ended("body", "STARTED", {})]);
    await unlock(["group", body], kwargs([{ id: "a" }]), redelivered);
    expect(sent).toHaveLength(1);
  });

  test.each([[["group"]], [[1, body]], [["group", {}]]])("refuses a call that is none: %j", async (args) => {
    const { unlock } = await open();
    expect(await unlock(args, kwargs([{ id: "a" }]), request)).toMatchObject({ state: "FAILURE" });
    expect(await unlock(["group", body], {}, request)).toMatchObject({ state: "FAILURE" });
  });
});

test("a body goes through the app as any task", async () => {
  const app: App = testApp();
  const backend = await app.backend();
  const joiner = createChordJoiner({
    backend,
    publishDeadlineSeconds: 5,
    onWarning: () => undefined,
    applySignature: ({ args, ...body }, given, options) =>
      app.send(
        body.task,
        toSendOptions({ ...body, args: [...given, ...args], options: { ...body.options, ...options } }),
      ),
  });
  const groupId = randomUUID();
  const body = signature("sum", [], {}, { task_id: randomUUID(), queue: "bodies", group_id: groupId });
  await backend.chords?.start({ groupId, size: 1, header: { id: groupId, children: [{ id: "a" }] }, body });
  await joiner.partReturned({ taskId: "a", groupId, groupIndex: 0, chord: body, rootId: "r" }, "SUCCESS", 5);
  const [delivery] = await takeMessages(app, "bodies", 1);
  expect(delivery?.message?.headers).toMatchObject({
    id: body.options["task_id"],
    group: groupId,
    parent_id: "a",
    root_id: "r",
  });
  expect(JSON.parse(String(Buffer.from(delivery?.message?.body ?? [])))[0]).toEqual([[5]]);
});
