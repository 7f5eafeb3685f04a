import { afterAll, describe, expect, it } from "vitest";
import {
  AsyncResult,
  chain,
  chord,
  createApp,
  GroupResult,
  group,
  pipe,
  toSendOptions,
} from "../../../app/index.ts";
import { cloneSignature } from "../../../canvas/index.ts";
import { createCodecs } from "../../../codecs/index.ts";
import { parseSignature, type Signature, signature } from "../../../protocol/index.ts";

const app = createApp({ env: {}, brokerUrl: "memory://callable", resultBackend: "cache+memory://callable" });
afterAll(() => app.close());

const add = app.taskRef<[x: number, y: number], number>("py.add");
const sum = app.taskRef<[list: readonly number[]], number>("py.sum");
const log = app.taskRef<[value: unknown], null>("py.log");

const ADD = { task: "py.add", args: [1, 2], kwargs: {}, options: {}, subtask_type: null, immutable: false };

describe("a signature", () => {
  it.each([
    ["a task", add.s(1, 2), ADD],
    ["an immutable one", add.si(1, 2), { ...ADD, immutable: true }],
    ["a chain", chain(add.s(1, 2), log.s()), undefined],
    ["a chord", chord([add.s(1, 2)], sum.s()), undefined],
  ])("is plain data as %s", async (_, made: Signature, data) => {
    const plain: Signature = structuredClone(made);
    if (data !== undefined) expect(plain).toStrictEqual(data);
    expect(Object.keys(plain)).toEqual(Object.keys(ADD));
    expect(plain).not.toHaveProperty("delay");
    expect(JSON.stringify(made)).toBe(JSON.stringify(plain));
    const codecs = createCodecs();
    for (const name of ["json", "yaml", "msgpack", "pickle"]) {
      const codec = codecs.serializer(name);
      expect(await codec.serialize([made]), name).toEqual(await codec.serialize([plain]));
    }
    expect(parseSignature(made, "link")).toEqual(plain);
    expect(cloneSignature(plain, {})).toEqual(plain);
    expect(pipe(plain, made)).toEqual(pipe(made, plain.subtask_type === null ? made : plain));
  });

  it("is left as it is by its methods", () => {
    const made = add.s(1);
    const before = structuredClone(made) as Signature;
    made.set({ queue: "q", eta: new Date(0), link: log.s() });
    made.clone([1]);
    made.link(log.s()).linkError(log.s());
    made.stamp({ day: "monday" });
    made.pipe(log.s());
    expect(made).toEqual(before);
  });

  it("takes arguments, options and links as Celery's does", () => {
    expect(add.s(2).clone([1])).toEqual(ADD);
    expect(add.si(1, 2).clone([], { y: 5 }, { queue: "q" })).toMatchObject({
      kwargs: {},
      options: { queue: "q" },
    });
    expect(add.s(1).clone([], { y: 5 })).toMatchObject({ args: [1], kwargs: { y: 5 } });
    const set = add
      .s(1, 2)
      .set({ routingKey: "r", eta: new Date(0), ignoreResult: true })
      .set({ routingKey: "s" });
    expect(set.options).toEqual({ routing_key: "s", eta: "1970-01-01T00:00:00+00:00", ignore_result: true });
    const linked = add.s(1, 2).link(log.s()).link(log.s()).onError(log.si(1));
    expect(linked.options).toEqual({ link: [{ ...log.s() }], link_error: [{ ...log.si(1) }] });
    const both = group([add.s(1, 2), add.s(3, 4)])
      .link(log.s())
      .set({ immutable: true });
    expect(both.kwargs["tasks"]).toMatchObject([
      { options: { link: [{ task: "py.log", immutable: true }] }, immutable: true },
      { options: {}, immutable: true },
    ]);
  });

  it("links errors to the headers of chords where the app's setting says so", () => {
    const strict = createApp({ env: {}, taskAllowErrorCbOnChordHeader: true });
    const one = strict.taskRef<[number], number>("one");
    const header = (app_: typeof one): unknown =>
      chord([app_.s(1)], log.s()).linkError(log.s(1)).kwargs["header"];
    expect(header(one)).toMatchObject([{ options: { link_error: [{ task: "py.log" }] } }]);
    expect(header(app.taskRef("one"))).toMatchObject([{ options: {} }]);
  });

  it("of many calls has Celery's form", () => {
    const called = { ...add.s() };
    const many = { args: [], options: {}, subtask_type: null, immutable: true };
    expect(structuredClone(log.map([1, 2]))).toStrictEqual({
      ...many,
      task: "celery.map",
      kwargs: { task: { ...log.s() }, it: [1, 2] },
    });
    expect(add.starmap([[1, 2]])).toEqual({
      ...many,
      task: "celery.starmap",
      kwargs: { task: called, it: [[1, 2]] },
    });
    expect(add.chunks([[1, 2]], 3)).toEqual({
      ...many,
      task: "celery.chunks",
      kwargs: { task: called, it: [[1, 2]], n: 3 },
    });
  });
});

describe("a canvas", () => {
  it("is sent by the app of its parts", async () => {
    const results = await Promise.all([
      add.s(2).delay(1),
      add.s(1, 2).set({ taskId: "mine" }).applyAsync({ countdown: 1 }),
      chain(signature("plain"), add.s(1)).delay(),
      signatureInGroup().delay(),
      pipe(signature("plain"), add.s(1)).pipe(log.s()).delay(),
    ]);
    expect(results[1].id).toBe("mine");
    expect(results[3].results).toHaveLength(2);
    expect(results[4].parent?.parent).toBeDefined();
  });

  const signatureInGroup = () => group([signature("plain"), add.s(1, 2)]);

  it("without an app says what to do", async () => {
    const alone = chain(signature("plain"), signature("plain"));
    await expect(alone.delay()).rejects.toThrow(/send it with app\.apply\(\)/);
    expect((await app.apply(alone)).parent).toBeDefined();
  });

  it("may be a list of any length", () => {
    const steps = Array.from({ length: 20 }, () => log.s());
    expect(chain(steps).kwargs["tasks"]).toHaveLength(20);
  });

  it("of chunks is a group", async () => {
    const parts = await add
      .chunks(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        2,
      )
      .delay();
    expect(parts.results).toHaveLength(2);
    expect(add.chunks([[1, 2]], 1).pipe(log.s()).subtask_type).toBe("chord");
  });

  it("with a group of one has the results that its types tell", async () => {
    const one = () => group([add.s(1, 2)]);
    const kinds = await Promise.all([
      chain(one(), log.s()).delay(),
      one().pipe(log.s()).delay(),
      log
        .s(1)
        .pipe(group([log.s()]))
        .delay(),
      chord([add.s(1, 2), add.s(1, 2)], group([log.s()])).delay(),
      group([add.s(1, 2), add.s(1, 2)])
        .pipe(group([log.s()]))
        .delay(),
    ]);
    expect(kinds.map((result) => "results" in result)).toEqual([false, false, false, true, true]);
    expect(kinds[0].parent).toBeInstanceOf(AsyncResult);
    expect(kinds[1].parent).toBeInstanceOf(GroupResult);
  });

  it("of mapped calls goes where the task goes that is called", async () => {
    const routed = createApp({ env: {}, taskRoutes: { "py.*": { queue: "python" } } });
    const prepared = await routed.producer.prepare("celery.map", toSendOptions(log.map([1])));
    expect(prepared.route.queue?.name).toBe("python");
  });
});
