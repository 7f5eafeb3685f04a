/** Workflows over HTTP that workers of both languages run, on Redis and on SQLite; and those that Python sends. */
import { beforeAll, describe, expect, test } from "vitest";
import { createGateway } from "../../gateway/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { type Sides, type SidesOptions, startSides } from "../e2e/sides.ts";
import { type Answer, post, read } from "./place.ts";

type Language = "ts" | "py";

const PLACES: readonly SidesOptions[] = [
  { broker: "Redis", backend: "Redis", version: "latest" },
  { broker: "SQLite", backend: "SQLite", version: "latest" },
];

const WAIT = { prefer: "wait=30" };

/** `echo` returns its arguments: `[args, kwargs]`. */
const echo = (queue: Language, ...args: readonly unknown[]): object => ({
  task: `${queue}.echo`,
  args,
  options: { queue },
});
const echoed = (...args: readonly unknown[]): unknown => [args, {}];
const add = (queue: Language, ...args: readonly number[]): object => ({
  task: "examples.add",
  args,
  options: { queue },
});

/** Canvases that both languages run, tasks of each in turn. */
const MIXED: readonly (readonly [string, object, unknown])[] = [
  ["a chain", { chain: [add("py", 2, 3), add("ts", 10), add("py", 100)] }, 115],
  ["a group", { group: [add("py", 1, 1), add("ts", 2, 2)] }, [2, 4]],
  ["a chord", { chord: { header: [add("py", 1, 1), add("ts", 2, 2)], body: echo("ts") } }, echoed([2, 4])],
];

/** Nested ones. */
const PYTHON: readonly (readonly [string, object, unknown])[] = [
  [
    "groups and steps in turn",
    {
      chain: [
        { group: [add("py", 1, 1), add("py", 2, 2)] },
        echo("py"),
        { group: [echo("py"), echo("py", 1)] },
      ],
    },
    [echoed(echoed([2, 4])), echoed(echoed([2, 4]), 1)],
  ],
  [
    "a chord of chains and chords, with a chain behind",
    {
      chord: {
        header: [
          { chain: [add("py", 1, 1), add("py", 5)] },
          { chord: { header: [add("py", 1, 2)], body: echo("py") } },
        ],
        body: { chain: [echo("py"), echo("py", "end")] },
      },
    },
    echoed(echoed([7, echoed([3])]), "end"),
  ],
  [
    "a starmap",
    {
      starmap: {
        task: "examples.add",
        it: [
          [1, 2],
          [3, 4],
        ],
      },
      options: { queue: "py" },
    },
    [3, 7],
  ],
  ["a map", { map: { task: "py.echo", it: [1, 2] }, options: { queue: "py" } }, [echoed(1), echoed(2)]],
  [
    "chunks with a step behind",
    {
      chain: [
        {
          chunks: {
            task: "examples.add",
            it: [
              [1, 1],
              [2, 2],
              [3, 3],
            ],
            n: 2,
          },
          options: { queue: "py" },
        },
        echo("py"),
      ],
    },
    echoed([[2, 4], [6]]),
  ],
];

describe.each(PLACES)("$broker, results in $backend", (place) => {
  let sides: Sides;
  let url: string;
  beforeAll(async () => {
    sides = await startSides(place);
    const gateway = createGateway({ app: sides.app });
    cleanUp(() => gateway.close());
    ({ url } = await gateway.listen({ port: 0 }));
  });

  const run = (canvas: unknown): Promise<Answer> => read(post(`${url}/v1/workflows`, canvas, WAIT));

  test.each([...MIXED, ...PYTHON])("%s", async (_name, canvas, result) => {
    const { status, body } = await run(canvas);
    expect(body).toMatchObject({ state: "SUCCESS", result });
    expect(status).toBe(200);
  });

  test("a failure in a nested place ends it", async () => {
    const failing = { task: "py.fail", args: ["KeyError", "x"], immutable: true, options: { queue: "py" } };
    const canvas = {
      chord: { header: [add("py", 1, 1), { chain: [add("py", 1, 1), failing] }], body: echo("py") },
    };
    const { body } = await run(canvas);
    expect(body).toMatchObject({ state: "FAILURE", terminal: true, error: { type: "KeyError" } });
  });

  test("what Python's json.dumps makes of a canvas", async () => {
    const written = await sides.python.evaluate(
      "chain(signature('examples.add', args=[1, 2], queue='py'), group(signature('examples.add', args=[n], queue='py') for n in [10, 20]), signature('py.echo', queue='py', link=signature('py.echo', queue='py')))",
    );
    const { body } = await run(written);
    expect(body).toMatchObject({ state: "SUCCESS", result: echoed([13, 23]) });
  });

  test("what Python sent is found by its ids", async () => {
    const id = String(
      await sides.python.evaluate(
        "chain(signature('examples.add', args=[1, 2], queue='py'), signature('examples.add', args=[3], queue='py'), signature('py.echo', queue='py'))()",
      ),
    );
    expect(await sides.python.get(id)).toEqual(echoed(6));
    const { status, body } = await read(fetch(`${url}/v1/workflows/${id}`));
    expect(body).toMatchObject({ state: "SUCCESS", result: echoed(6) });
    // Python's database backend keeps no word of what a task came from.
    const known = place.backend === "SQLite" ? 1 : 3;
    expect([status, body["counts"]]).toEqual([200, { SUCCESS: known }]);
    const graph = (await read(fetch(`${url}/v1/workflows/${id}/graph`))).body;
    expect(graph["nodes"]).toHaveLength(known);
    expect(graph["edges"]).toHaveLength(known - 1);
  });
});
