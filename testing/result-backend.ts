/** What every {@link ResultBackend} does. A backend's test file calls it, and adds what is special about its store. */
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type {
  BackendOptions,
  ResultBackend,
  ResultEncoding,
  ResultEntry,
} from "../backends/result-backend.ts";
import { type ResultDocument, toResultDocument } from "../protocol/index.ts";

/** One empty store, seen from both ends. */
export interface BackendPlace {
  /** As the process that sends tasks and waits for them has it. */
  readonly client: ResultBackend;
  /** As a worker has it, on a connection of its own. */
  readonly worker: ResultBackend;
  /** Puts bytes that are no document where a task's result is kept; absent where nobody but us can write there. */
  readonly spoil?: (taskId: string) => Promise<void>;
}

/** JSON as result_serializer, without checks. */
export const jsonEncoding: ResultEncoding = {
  contentType: "application/json",
  contentEncoding: "utf-8",
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
};

/** Options for a backend under test: JSON, one day, UTC; warnings fail the test unless it listens to them. */
export function backendOptions(url: string, changes: Partial<BackendOptions> = {}): BackendOptions {
  return {
    url,
    expiresSeconds: 86_400,
    encoding: jsonEncoding,
    transportOptions: {},
    timezone: "UTC",
    replyTo: `reply-${randomUUID()}`,
    onWarning: (message, error) => {
      throw new Error(`Unexpected warning: ${message}`, { cause: error });
    },
    ...changes,
  };
}

/** A document as a worker makes it. */
export function resultDocument(taskId: string, state: string, result: unknown): ResultDocument {
  const failed = state === "FAILURE" || state === "RETRY" || state === "REVOKED";
  return toResultDocument({
    taskId,
    state,
    result,
    traceback: failed ? 'Traceback: it\'s "here"' : null,
    now: "2026-11-20T23:59:38.848981+00:00",
  });
}

/** `open` makes a new empty store for each test; both backends are closed by the suite. */
export function testResultBackend(name: string, open: () => Promise<BackendPlace>): void {
  const places: BackendPlace[] = [];
  afterEach(async () => {
    for (const { client, worker } of places.splice(0)) await Promise.all([client.close(), worker.close()]);
  });
  const opened = async (): Promise<BackendPlace> => {
    const place = await open();
    places.push(place);
    return place;
  };
  const entry = ({ client }: BackendPlace, document: ResultDocument): ResultEntry => ({
    document,
    correlationId: document.task_id,
    ...(client.replyTo === undefined ? {} : { replyTo: client.replyTo }),
  });
  const store = (place: BackendPlace, ...documents: ResultDocument[]): Promise<void> =>
    place.worker.store(documents.map((document) => entry(place, document)));

  describe(`${name} as a result backend`, () => {
    test("finds what was stored", async () => {
      const place = await opened();
      const id = randomUUID();
      expect(await place.client.get(id)).toBeUndefined();
      const result = { x: [1, "two", null, true, 2.5], "": "é😀\u0000", __proto__: null };
      await store(place, resultDocument(id, "SUCCESS", result));
      const found = await place.client.wait(id, { timeoutMs: 20_000 });
      expect(found).toMatchObject({
        task_id: id,
        status: "SUCCESS",
        result: { x: [1, "two", null, true, 2.5], "": "é😀\u0000" },
        traceback: null,
        date_done: "2026-11-20T23:59:38.848981+00:00",
      });
      expect(await place.client.get(id)).toEqual(found);
    });

    test("finds failures, with everything that describes them", async () => {
      const place = await opened();
      const id = randomUUID();
      const exception = { exc_type: "ValueError", exc_message: ["bad value", 42], exc_module: "builtins" };
      const children = [[[randomUUID(), null], null]];
      await store(place, { ...resultDocument(id, "FAILURE", exception), children });
      expect(await place.client.wait(id, { timeoutMs: 20_000 })).toMatchObject({
        status: "FAILURE",
        result: exception,
        traceback: 'Traceback: it\'s "here"',
        children,
      });
    });

    test("wakes who waits, before and after the result comes", async () => {
      const place = await opened();
      const id = randomUUID();
      const early = [place.client.wait(id, { timeoutMs: 20_000 }), place.client.wait(id)];
      await store(place, resultDocument(id, "SUCCESS", 5));
      expect((await Promise.all(early)).map((document) => document.result)).toEqual([5, 5]);
      expect((await place.client.wait(id, { timeoutMs: 20_000 })).result).toBe(5);
    });

    test("shows the states on the way", async () => {
      const place = await opened();
      const id = randomUUID();
      const seen: unknown[] = [];
      let heard = (): void => undefined;
      const waiting = place.client.wait(id, {
        timeoutMs: 20_000,
        onChange: ({ status, result }) => {
          // The same document may be seen twice: as news, and in the store.
          if (JSON.stringify(seen.at(-1)) !== JSON.stringify([status, result])) seen.push([status, result]);
          heard();
        },
      });
      const states: [string, unknown][] = [
        ["STARTED", { pid: 7, hostname: "w@h" }],
        ["PROGRESS", { done: 1 }],
        ["PROGRESS", { done: 2 }],
        ["RETRY", { exc_type: "KeyError", exc_message: ["again"], exc_module: "builtins" }],
        ["SUCCESS", "end"],
      ];
      for (const [state, result] of states) {
        const shown = new Promise<void>((resolve) => {
          heard = resolve;
        });
        await store(place, resultDocument(id, state, result));
        await shown;
      }
      expect(await waiting).toMatchObject({ status: "SUCCESS", result: "end" });
      expect(seen).toEqual(states);
    });

    test("never overwrites SUCCESS", async () => {
      const place = await opened();
      const [once, mixed] = [randomUUID(), randomUUID()];
      await store(place, resultDocument(once, "SUCCESS", "first"));
      await store(
        place,
        resultDocument(once, "FAILURE", { exc_type: "E", exc_message: [], exc_module: "m" }),
      );
      await store(place, resultDocument(once, "SUCCESS", "second"));
      expect(await place.client.wait(once, { timeoutMs: 20_000 })).toMatchObject({ result: "first" });
      // In one batch, too: the last state counts, unless SUCCESS came before it.
      await store(
        place,
        resultDocument(mixed, "STARTED", null),
        resultDocument(mixed, "SUCCESS", "right"),
        resultDocument(mixed, "REVOKED", { exc_type: "E", exc_message: [], exc_module: "m" }),
      );
      expect(await place.client.wait(mixed, { timeoutMs: 20_000 })).toMatchObject({ result: "right" });
    });

    test("overwrites every other state", async () => {
      const place = await opened();
      const id = randomUUID();
      await store(place, resultDocument(id, "FAILURE", { exc_type: "E", exc_message: [], exc_module: "m" }));
      await store(place, resultDocument(id, "SUCCESS", "after all"));
      for (;;) {
        const document = await place.client.get(id);
        if (document?.status === "SUCCESS") break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });

    test("finds many at once, each in its place", async () => {
      const place = await opened();
      const ids = Array.from({ length: 600 }, () => randomUUID());
      const stored = ids.filter((_, index) => index % 2 === 0);
      const waits = stored.map((id) => place.client.wait(id, { timeoutMs: 20_000 }));
      await store(place, ...stored.map((id, index) => resultDocument(id, "SUCCESS", index)));
      await Promise.all(waits);
      const found = await place.client.getMany([...ids, stored[0] ?? ""]);
      const results = found.map((document) =>
        document === undefined || document instanceof Error ? document : [document.task_id, document.result],
      );
      const expected = ids.map((id, index) => (index % 2 === 0 ? [id, index / 2] : undefined));
      expect(results).toEqual([...expected, [stored[0], 0]]);
      expect(await place.client.getMany([])).toEqual([]);
      if (place.spoil === undefined) return;
      await place.spoil(ids[0] ?? "");
      const [bad, , good] = await place.client.getMany(ids);
      expect(bad).toMatchObject({ code: "bad_result" });
      expect(good).toMatchObject({ result: 1 });
    });

    test("keeps groups, where results are shared", async () => {
      const place = await opened();
      const ids = [randomUUID(), 'it\'s a "group" é😀'];
      for (const [at, id] of ids.entries()) {
        const tuple = [
          [id, [["first", null], null]],
          [
            [["a", null], null],
            [[`b${at}`, null], null],
          ],
        ];
        if (!place.client.shared) {
          await expect(place.client.saveGroup(id, tuple)).rejects.toMatchObject({ code: "unsupported" });
          await expect(place.client.restoreGroup(id)).rejects.toMatchObject({ code: "unsupported" });
          await expect(place.client.deleteGroup(id)).rejects.toMatchObject({ code: "unsupported" });
          continue;
        }
        expect(await place.worker.restoreGroup(id)).toBeUndefined();
        await place.client.saveGroup(id, [[id, null], []]);
        await place.client.saveGroup(id, tuple);
        expect(await place.worker.restoreGroup(id)).toEqual(tuple);
        // Groups and tasks are kept apart.
        expect(await place.worker.get(id)).toBeUndefined();
        await place.client.forget([id]);
        expect(await place.worker.restoreGroup(id)).toEqual(tuple);
        await place.client.deleteGroup(id);
        await place.client.deleteGroup(id);
        expect(await place.worker.restoreGroup(id)).toBeUndefined();
      }
    });

    test("forgets", async () => {
      const place = await opened();
      const [one, other] = [randomUUID(), randomUUID()];
      await store(place, resultDocument(one, "SUCCESS", 1), resultDocument(other, "SUCCESS", 2));
      await Promise.all([one, other].map((id) => place.client.wait(id, { timeoutMs: 20_000 })));
      await place.client.forget([one, randomUUID()]);
      await place.client.forget([]);
      expect(await place.client.get(one)).toBeUndefined();
      expect(await place.client.get(other)).toMatchObject({ result: 2 });
    });

    test("ends a wait by time", async () => {
      const place = await opened();
      const id = randomUUID();
      await expect(place.client.wait(id, { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
      const other = place.client.wait(id, { timeoutMs: 20_000 });
      await store(place, resultDocument(id, "SUCCESS", "late"));
      expect(await other).toMatchObject({ result: "late" });
    });

    test("ends a wait by signal", async () => {
      const place = await opened();
      const abort = new AbortController();
      const waiting = place.client.wait(randomUUID(), { signal: abort.signal });
      abort.abort(new Error("no longer interested"));
      await expect(waiting).rejects.toThrow("no longer interested");
      const late = place.client.wait(randomUUID(), { signal: abort.signal });
      await expect(late).rejects.toThrow("no longer interested");
    });

    test("keeps a batch of 500, waited for by 500", async () => {
      const place = await opened();
      const ids = Array.from({ length: 500 }, () => randomUUID());
      const waits = ids.map((id) => place.client.wait(id, { timeoutMs: 20_000 }));
      await store(place, ...ids.map((id, index) => resultDocument(id, "SUCCESS", index)));
      const documents = await Promise.all(waits);
      expect(documents.map((document) => document.result)).toEqual(ids.map((_, index) => index));
      expect(documents.map((document) => document.task_id)).toEqual(ids);
      await store(place);
    });

    test("keeps ids apart, whatever is in them", async () => {
      const place = await opened();
      const ids = [
        "it's",
        '"double"',
        "x'); DROP TABLE celery_taskmeta; --",
        "%_*?[a-z]",
        "../etc/passwd",
        "a b\tc\r\nSET x 1",
        "é😀",
        "UPPER",
        "upper",
        "i".repeat(155),
        " ",
      ];
      const waits = ids.map((id) => place.client.wait(id, { timeoutMs: 20_000 }));
      await store(place, ...ids.map((id) => resultDocument(id, "SUCCESS", `of ${id}`)));
      expect((await Promise.all(waits)).map((document) => document.result)).toEqual(
        ids.map((id) => `of ${id}`),
      );
    });

    test("tells garbage from a result, and harms no other", async () => {
      const place = await opened();
      if (place.spoil === undefined) return;
      const [bad, good] = [randomUUID(), randomUUID()];
      await store(place, resultDocument(bad, "SUCCESS", 1), resultDocument(good, "SUCCESS", 2));
      await place.spoil(bad);
      await expect(place.client.get(bad)).rejects.toMatchObject({ code: "bad_result" });
      await expect(place.client.wait(bad, { timeoutMs: 20_000 })).rejects.toMatchObject({
        code: "bad_result",
      });
      expect(await place.client.get(good)).toMatchObject({ result: 2 });
    });

    test("returns hostile results as data", async () => {
      const place = await opened();
      const id = randomUUID();
      const hostile = { exc_type: "system", exc_module: "os", exc_message: ["touch /tmp/x"] };
      await store(place, resultDocument(id, "FAILURE", hostile));
      expect((await place.client.wait(id, { timeoutMs: 20_000 })).result).toEqual(hostile);
    });

    test("closes twice, and rejects who waits", async () => {
      const { client, worker } = await opened();
      const waiting = client.wait(randomUUID());
      const rejected = expect(waiting).rejects.toMatchObject({ code: "closed" });
      await Promise.all([client.close(), client.close(), worker.close()]);
      await rejected;
      await client.close();
    });
  });
}
