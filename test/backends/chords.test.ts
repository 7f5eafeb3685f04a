/** Counting chords: every store that does it, and the keys that Redis shares with Celery. */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type BackendOptions,
  type ChordPart,
  type ChordParts,
  type ChordStore,
  chordMethod,
  chordUnlockCall,
  createBackend,
  type ResultBackend,
} from "../../backends/index.ts";
import { createCodecs, createResultEncoding } from "../../codecs/index.ts";
import { fromResultTuple, type ResultNode, signature } from "../../protocol/index.ts";
import { backendOptions, resultDocument } from "../../testing/result-backend.ts";
import { redisUrl } from "../helpers/services.ts";

const BODY = signature("sum", [], {}, { task_id: "body" });

async function openBackend(url: string, changes: Partial<BackendOptions> = {}): Promise<ResultBackend> {
  const backend = await createBackend(backendOptions(url, changes), () =>
    Promise.reject(new Error("no broker")),
  );
  onTestFinished(() => backend.close());
  return backend;
}

function storeOf({ chords }: ResultBackend): ChordStore {
  if (chords === undefined) throw new Error("This backend counts no chords.");
  return chords;
}

/** A header of plain tasks. */
function headerOf(groupId: string, ids: readonly string[]): ResultNode {
  return { id: groupId, children: ids.map((id) => ({ id })) };
}

function partOf(groupId: string, groupIndex: number, changes: Partial<ChordPart> = {}): ChordPart {
  return {
    groupId,
    groupIndex,
    taskId: `t${groupIndex}`,
    state: "SUCCESS",
    result: groupIndex,
    body: BODY,
    ...changes,
  };
}

async function startChord(chords: ChordStore, size: number): Promise<string> {
  const groupId = randomUUID();
  const ids = Array.from({ length: size }, (_, index) => `t${index}`);
  await chords.start({ groupId, size, header: headerOf(groupId, ids), body: BODY });
  return groupId;
}

const stores = [
  ["memory", async () => `cache+memory://${randomUUID()}`],
  ["Redis", redisUrl],
] as const;

describe.each(stores)("chords counted in %s", (_name, url) => {
  const open = async (): Promise<ChordStore> => storeOf(await openBackend(await url()));

  test("the last member gets all results in the header's order", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 3);
    expect(await chords.part(partOf(groupId, 2))).toBeUndefined();
    expect(await chords.part(partOf(groupId, 0, { result: { a: [1, null] } }))).toBeUndefined();
    const parts = await chords.part(partOf(groupId, 1));
    expect(parts).toMatchObject({ groupId, results: [{ a: [1, null] }, 1, 2], failure: undefined });
  });

  test("a member that ends twice counts once", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 2);
    await chords.part(partOf(groupId, 0));
    expect(await chords.part(partOf(groupId, 0, { result: "another" }))).toBeUndefined();
    expect((await chords.part(partOf(groupId, 1)))?.results).toEqual([0, 1]);
  });

  test("one of many at once gets the claim, and repeats of a finished chord nothing", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 20);
    const places = Array.from({ length: 20 }, (_, place) => place);
    const answers = await Promise.all(
      [...places, ...places].map((place) => chords.part(partOf(groupId, place))),
    );
    const [parts, ...others] = answers.filter((answer) => answer !== undefined);
    expect(others).toEqual([]);
    expect(parts?.results).toEqual(places);
    expect(await parts?.extendClaim(10)).toBe(true);
    await parts?.done();
    expect(await chords.part(partOf(groupId, 3))).toBeUndefined();
  });

  test("a claim given back goes to the next repeat", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 1);
    const first = await chords.part(partOf(groupId, 0));
    expect(await chords.part(partOf(groupId, 0))).toBeUndefined();
    await first?.release();
    expect((await chords.part(partOf(groupId, 0)))?.results).toEqual([0]);
  });

  test("names the first member in the header that failed", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 3);
    const exception = { exc_type: "ValueError", exc_message: ["bad 'value'", 42], exc_module: "builtins" };
    const revoked = {
      exc_type: "TaskRevokedError",
      exc_message: ["revoked"],
      exc_module: "celery.exceptions",
    };
    await chords.part(partOf(groupId, 2, { state: "REVOKED", result: revoked }));
    await chords.part(partOf(groupId, 1, { state: "FAILURE", result: exception }));
    const parts = await chords.part(partOf(groupId, 0));
    expect(parts?.results).toEqual([]);
    expect(parts?.failure).toEqual({
      message: `Dependency t1 raised ValueError("bad 'value'", 42)`,
      cause: exception,
    });
  });

  test("groups within the header come as arrays", async () => {
    const chords = await open();
    const groupId = randomUUID();
    const header = {
      id: groupId,
      children: [{ id: "g", children: [{ id: "t1" }, { id: "t0" }] }, { id: "t2" }],
    };
    await chords.start({ groupId, size: 3, header, body: BODY });
    for (const place of [0, 2]) await chords.part(partOf(groupId, place));
    expect((await chords.part(partOf(groupId, 1)))?.results).toEqual([[1, 0], 2]);
  });

  test("waits for members that came later", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 1);
    await chords.extend(groupId, 2);
    expect(await chords.part(partOf(groupId, 0))).toBeUndefined();
    // As Celery's add_to_chord: the same place as the task that added it.
    expect(await chords.part(partOf(groupId, 0, { taskId: "added1", result: "t0" }))).toBeUndefined();
    const parts = await chords.part(partOf(groupId, 0, { taskId: "added2" }));
    expect(parts?.results).toHaveLength(3);
  });

  test("a chord that is started again begins anew", async () => {
    const chords = await open();
    const groupId = await startChord(chords, 2);
    await chords.part(partOf(groupId, 0, { result: "old" }));
    await chords.start({ groupId, size: 2, header: headerOf(groupId, ["t0", "t1"]), body: BODY });
    await chords.part(partOf(groupId, 0, { result: "new" }));
    expect((await chords.part(partOf(groupId, 1)))?.results).toEqual(["new", 1]);
  });
});

describe("chords in Redis", () => {
  let url: string;
  let redis: Redis;
  beforeAll(async () => {
    url = await redisUrl();
    redis = new Redis(url);
    return () => redis.disconnect();
  });
  const key = (groupId: string, suffix = ""): string => `celery-taskset-meta-${groupId}${suffix}`;

  test("keeps what Celery 5.7 keeps, for as long", async () => {
    const codecs = createCodecs();
    const encoding = createResultEncoding({
      serializer: codecs.serializer("json"),
      accept: ["json"],
      codecs,
      limits: { maxBytes: 1_000_000, maxDepth: 100 },
    });
    const chords = storeOf(await openBackend(url, { expiresSeconds: 3600, encoding }));
    const groupId = await startChord(chords, 2);
    expect(await redis.get(key(groupId, ".s"))).toBe("2");
    await chords.part(partOf(groupId, 1));
    expect(await redis.zrange(key(groupId, ".j"), 0, "-1", "WITHSCORES")).toEqual([
      '[1,"t1","SUCCESS",1]',
      "1",
    ]);
    expect(await redis.smembers(key(groupId, ".d"))).toEqual(["t1:1"]);
    for (const suffix of [".j", ".s", ".d"])
      expect(await redis.ttl(key(groupId, suffix))).toBeGreaterThan(3590);

    const parts = await chords.part(partOf(groupId, 0));
    expect(await redis.ttl(key(groupId, ".c"))).toBeLessThanOrEqual(6);
    await parts?.extendClaim(21);
    expect(await redis.ttl(key(groupId, ".c"))).toBeGreaterThan(19);
    await parts?.done();
    expect(await redis.keys(`${key(groupId)}*`)).toEqual([key(groupId, ".c")]);
    expect(await redis.get(key(groupId, ".c"))).toBe("done");
    expect(await redis.ttl(key(groupId, ".c"))).toBeGreaterThan(290);
    expect(await redis.zcard("celerity-chords")).toBe(0);
  });

  test("keeps nothing for a while only when results are kept for ever", async () => {
    const chords = storeOf(await openBackend(url, { expiresSeconds: 0 }));
    const groupId = await startChord(chords, 2);
    await chords.part(partOf(groupId, 0));
    for (const suffix of [".j", ".s", ".d", ".w"]) expect(await redis.ttl(key(groupId, suffix))).toBe(-1);
  });

  test("keeps the prefix of all keys, and counts in the order of arrival when told so", async () => {
    const transportOptions = { globalKeyprefix: "mine", resultChordOrdered: false };
    const chords = storeOf(await openBackend(url, { transportOptions }));
    const groupId = await startChord(chords, 2);
    await chords.part(partOf(groupId, 1));
    expect(await redis.lrange(`mine_${key(groupId, ".j")}`, 0, -1)).toHaveLength(1);
    expect((await chords.part(partOf(groupId, 0)))?.results).toEqual([1, 0]);
  });

  test("members that a worker before 5.7 counted, even twice, count once", async () => {
    const chords = storeOf(await openBackend(url));
    const groupId = await startChord(chords, 3);
    // Such a worker leaves only this, and knows its own repeat by its bytes alone.
    await redis.zadd(key(groupId, ".j"), 0, '[1, "t0", "SUCCESS", 0]', 0, '[1, "t0", "SUCCESS", "again"]');
    await chords.part(partOf(groupId, 0));
    expect(await redis.zcard(key(groupId, ".j"))).toBe(2);
    expect(await chords.part(partOf(groupId, 1))).toBeUndefined();
    expect((await chords.part(partOf(groupId, 2)))?.results).toEqual(["again", 1, 2]);
  });

  test("a header's member that cannot be read fails the chord", async () => {
    const chords = storeOf(await openBackend(url));
    const groupId = await startChord(chords, 2);
    await redis.zadd(key(groupId, ".j"), 0, "{}");
    const parts = await chords.part(partOf(groupId, 1));
    expect(parts?.failure?.message).toMatch(/^Join error: A counted member of a chord is not/);
  });

  test("reads results of a header that others counted from the store", async () => {
    const backend = await openBackend(url);
    const chords = storeOf(backend);
    const groupId = randomUUID();
    const [replaced, other] = [randomUUID(), randomUUID()];
    const header = { id: groupId, children: [{ id: "g", children: [{ id: replaced }] }, { id: other }] };
    await chords.start({ groupId, size: 2, header, body: BODY });
    await backend.store([{ document: resultDocument(replaced, "SUCCESS", "stored") }]);
    await chords.part(partOf(groupId, 0, { taskId: "its last task" }));
    const parts = await chords.part(partOf(groupId, 1, { taskId: other, result: "counted" }));
    expect(parts?.results).toEqual([["stored"], "counted"]);
  });

  test("gives up on a result of the header that does not come", async () => {
    const chords = storeOf(await openBackend(url, { chords: { joinTimeoutSeconds: 0.2 } }));
    const groupId = randomUUID();
    const header = { id: groupId, children: [{ id: "g", children: [{ id: randomUUID() }] }] };
    await chords.start({ groupId, size: 1, header, body: BODY });
    const parts = await chords.part(partOf(groupId, 0));
    expect(parts?.failure?.message).toMatch(/Join error: TimeoutError.*results of 1 tasks/);
  });

  test("a claim that another worker has by now is not extended, and its count stays", async () => {
    const warnings: string[] = [];
    const chords = storeOf(await openBackend(url, { onWarning: (message) => warnings.push(message) }));
    const groupId = await startChord(chords, 1);
    const parts = (await chords.part(partOf(groupId, 0))) as ChordParts;
    await redis.set(key(groupId, ".c"), "somebody else");
    expect(await parts.extendClaim(10)).toBe(false);
    await parts.done();
    expect(warnings).toEqual([expect.stringContaining("was lost before it was finished")]);
    expect(await redis.get(key(groupId, ".s"))).toBe("1");
  });

  test("extends a claim that ran out while nobody else came", async () => {
    const chords = storeOf(await openBackend(url));
    const groupId = await startChord(chords, 1);
    const parts = (await chords.part(partOf(groupId, 0))) as ChordParts;
    await redis.del(key(groupId, ".c"));
    expect(await parts.extendClaim(10)).toBe(true);
  });
});

test("a chord_unlock is what Celery sends", () => {
  // Recorded from Celery 5.7.
  const kwargs = {
    interval: null,
    max_retries: null,
    result: [
      [["e271ac13-cec9-41c8-9ac5-8172ff0fd733", null], null],
      [["1fd07b13-e5f2-4e0f-8996-91efd7cdb4ca", null], null],
    ],
    _chord_unlock_exchange_type: "direct",
  };
  const call = chordUnlockCall({
    groupId: "53bcb332-656f-46c6-8f5b-0e3987ecab84",
    body: BODY,
    header: { id: "53bcb332-656f-46c6-8f5b-0e3987ecab84", children: kwargs.result.map(fromResultTuple) },
    queue: "wire_q",
    exchangeType: "direct",
  });
  expect(call.kwargs).toEqual(kwargs);
  expect(call.args).toEqual(["53bcb332-656f-46c6-8f5b-0e3987ecab84", BODY]);
  expect(call).toMatchObject({ task: "celery.chord_unlock", countdown: 1, priority: 0, ignoreResult: true });
});

test("stores that only one caller reads refuse chords, others poll", async () => {
  const options = backendOptions("rpc://");
  const rpc = await createBackend(options, () => Promise.reject(new Error("no broker")));
  expect(() => chordMethod(rpc)).toThrow(/results of "rpc" go to one caller only: set resultBackend/);
  const database = await createBackend(backendOptions("db+sqlite://"), () =>
    Promise.reject(new Error("no broker")),
  );
  expect(chordMethod(database)).toBe("polled");
});
