/** Chords that workers of both kinds run together, whoever composed them. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { chain, chord } from "../../canvas/index.ts";
import { type PlainObject, type Signature, signature } from "../../protocol/index.ts";
import { type Sides, type SidesOptions, startSides } from "../e2e/sides.ts";
import { pythonVersions } from "../helpers/python.ts";

const installed = pythonVersions();
const places: readonly SidesOptions[] = [
  { broker: "Redis", backend: "Redis", version: "latest" },
  { broker: "Redis", backend: "Redis", version: "5.2" },
  { broker: "Redis", backend: "SQLite", version: "latest" },
  { broker: "RabbitMQ", backend: "PostgreSQL", version: "latest" },
];
const usable = places
  .filter(({ version }) => installed.includes(version))
  .map((place) => [`${place.backend} and Python Celery ${place.version}`, place] as const);

const TIMEOUT = { timeoutMs: 20_000 };
type Language = "ts" | "py";

/** A task that both sides have, for one of them. */
function task(
  queue: Language,
  name: string,
  args: readonly unknown[] = [],
  options: PlainObject = {},
): Signature {
  return signature(name, args, {}, { queue, ...options });
}

const echo = (queue: Language, options: PlainObject = {}): Signature =>
  task(queue, `${queue}.echo`, [], options);
const add = (queue: Language, x: number): Signature => task(queue, "examples.add", [x, x]);
const mixed = Array.from({ length: 10 }, (_, x) => add(x % 3 === 0 ? "ts" : "py", x));
const SUMS = mixed.map((_, x) => 2 * x);

/** The same as Python writes it. */
function python({ task: name, args, options }: Signature): string {
  const { link_error: errbacks = [], ...plain } = options;
  const given = Object.entries(plain).map(([key, value]) => `, ${key}=${JSON.stringify(value)}`);
  const linked = `, link_error=[${(errbacks as readonly Signature[]).map(python).join(", ")}]`;
  return `signature(${JSON.stringify(name)}, args=${JSON.stringify(args)}${given.join("")}${linked})`;
}

/** Composes a chord in one language, and gets its result there. */
async function run(
  sides: Sides,
  sender: Language,
  header: readonly Signature[],
  body: Signature,
): Promise<unknown> {
  if (sender === "ts") return (await sides.app.apply(chord([...header], body))).get(TIMEOUT);
  const code = `chord([${header.map(python).join(", ")}])(${python(body)})`;
  return sides.python.get(String(await sides.python.evaluate(code)));
}

describe.each(usable)("%s", (_name, place) => {
  let sides: Sides;
  beforeAll(async () => {
    sides = await startSides(place);
    return () => sides.close();
  });

  const cases: readonly (readonly [Language, Language])[] = [
    ["ts", "ts"],
    ["ts", "py"],
    ["py", "ts"],
    ["py", "py"],
  ];
  test.each(cases)("sent by %s with a body in %s", async (sender, queue) => {
    expect(await run(sides, sender, mixed, echo(queue))).toEqual([[SUMS], {}]);
  });

  test.each(cases)("sent by %s, and a member in %s fails", async (sender, queue) => {
    const failing =
      queue === "ts" ? task("ts", "ts.fail", ["bad"]) : task("py", "py.fail", ["ValueError", "bad"]);
    const [bodyId, errbackId] = [randomUUID(), randomUUID()];
    const errback = echo("ts", { task_id: errbackId });
    const body = echo(sender, { task_id: bodyId, link_error: [errback] });
    // Whoever waits for the chord learns of the member's own error.
    const type = queue === "ts" ? "RangeError" : "ValueError";
    const ended = run(sides, sender, [add("ts", 1), failing, add("py", 2)], body);
    await expect(ended).rejects.toMatchObject({ type });
    await expect(sides.app.result(bodyId).get(TIMEOUT)).rejects.toMatchObject({
      type: "ChordError",
      module: "celery.exceptions",
      // Python's celery.chord_unlock does not name the member where it cannot find it.
      message: expect.stringMatching(
        new RegExp(`^ChordError: (Dependency [-0-9a-f]{36} raised )?${type}\\('bad'\\)$`),
      ),
    });
    // An errback of one argument gets the id of the body.
    expect(await sides.app.result(errbackId).get(TIMEOUT)).toEqual([[bodyId], {}]);
  });

  test("chords and chains in a header", async () => {
    const canvas = chord(
      [
        chord([add("ts", 1), add("py", 2)], echo("py")),
        chain(add("py", 3), echo("ts")),
        chord([add("py", 4), add("ts", 5)], echo("ts")),
      ],
      echo("py"),
    );
    const inner = [
      [[[2, 4]], {}],
      [[6], {}],
      [[[8, 10]], {}],
    ];
    expect(await (await sides.app.apply(canvas)).get(TIMEOUT)).toEqual([[inner], {}]);
  });

  test("a failure in an inner chord fails the outer one", async () => {
    const failing = task("py", "py.fail", ["ValueError", "deep"]);
    const canvas = chord([chord([add("ts", 1), failing], echo("ts")), add("ts", 2)], echo("ts"));
    await expect((await sides.app.apply(canvas)).get(TIMEOUT)).rejects.toMatchObject({
      type: "ChordError",
      message: expect.stringContaining("deep"),
    });
  });

  test.runIf(place.backend === "Redis")(
    "each kind of worker completes a header, and repeats change nothing",
    async () => {
      const backend = await sides.app.backend();
      for (const last of ["ts", "py"] as const) {
        const [groupId, bodyId] = [randomUUID(), randomUUID()];
        const ids = [randomUUID(), randomUUID(), randomUUID()];
        const body = echo("ts", { task_id: bodyId, group_id: groupId });
        const header = { id: groupId, children: ids.map((id) => ({ id })) };
        await backend.chords?.start({ groupId, size: 3, header, body });
        const before = sides.worker.total.get("ts.echo") ?? 0;
        const send = async (queue: Language, groupIndex: number): Promise<void> => {
          const options = {
            queue,
            args: [groupIndex, 0],
            taskId: ids[groupIndex] ?? "",
            groupId,
            groupIndex,
            chord: body,
          };
          const sent = await sides.app.sendTask("examples.add", options);
          await sent.get(TIMEOUT);
        };
        const other = last === "ts" ? "py" : "ts";
        await send(other, 2);
        await send("py", 0);
        await send("ts", 0);
        await send("py", 0);
        expect(await sides.app.result(bodyId).state()).toBe("PENDING");
        await send(last, 1);
        expect(await sides.app.result(bodyId).get(TIMEOUT)).toEqual([[[0, 1, 2]], {}]);
        await send("ts", 1);
        await send("py", 0);
        await sides.toPython.call("examples.add", [1, 1]);
        expect(sides.worker.total.get("ts.echo")).toBe(before + 1);
      }
    },
  );
});
