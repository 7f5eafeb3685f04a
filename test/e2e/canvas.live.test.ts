/** Canvases composed here and run by Python workers: chains, groups and chords, and some in each other. */
import { beforeAll, expect, test } from "vitest";
import { chain, chord, group, pipe } from "../../canvas/index.ts";
import { type Signature, signature } from "../../protocol/index.ts";
import { type Sides, startSides } from "./sides.ts";

/** `py.echo` returns its arguments: `[args, kwargs]`. */
const echo = (...args: readonly unknown[]): Signature => signature("py.echo", args, {}, { queue: "py" });
const echoed = (...args: readonly unknown[]): unknown => [args, {}];
const TIMEOUT = { timeoutMs: 20_000 };

const CANVASES: readonly (readonly [name: string, canvas: Signature, result: unknown])[] = [
  ["a signature", echo(1), echoed(1)],
  ["a chain", chain(echo(1), echo(2)), echoed(echoed(1), 2)],
  ["a group", group([echo(1), echo(2), echo(3)]), [echoed(1), echoed(2), echoed(3)]],
  ["a chord", chord([echo(1), echo(2)], echo()), echoed([echoed(1), echoed(2)])],
  ["a group before a task", pipe(group([echo(1), echo(2)]), echo()), echoed([echoed(1), echoed(2)])],
  [
    "a chain into a group",
    chain(echo(5), group([echo(), echo(1)])),
    [echoed(echoed(5)), echoed(echoed(5), 1)],
  ],
  [
    "a chord in a chord",
    chord([chord([echo(1), echo(2)], echo()), echo(3)], echo()),
    echoed([echoed([echoed(1), echoed(2)]), echoed(3)]),
  ],
  [
    "chains in a chord",
    chord([chain(echo(1), echo()), echo(2)], chain(echo(), echo(4))),
    echoed(echoed([echoed(echoed(1)), echoed(2)]), 4),
  ],
];

let sides: Sides;

beforeAll(async () => {
  sides = await startSides({ broker: "Redis", backend: "Redis", version: "latest" });
});

test.each(CANVASES)("%s", async (_, canvas, expected) => {
  const result = await sides.app.apply(canvas);
  expect(await result.get(TIMEOUT)).toEqual(expected);
});
