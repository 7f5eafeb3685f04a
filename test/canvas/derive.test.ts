/** What is ours alone: the rest is compared with Celery's in oracle.live.test.ts. */
import { describe, expect, it } from "vitest";
import {
  chain,
  chord,
  cloneSignature,
  group,
  type StampingVisitor,
  stampCanvas,
  withImmutable,
} from "../../canvas/index.ts";
import { type Signature, signature } from "../../protocol/index.ts";

const a = signature("a", [1]);
const b = signature("b");

/** The options of a group's members. */
function memberOptions({ kwargs }: Signature): readonly unknown[] {
  return (kwargs["tasks"] as readonly Signature[]).map(({ options }) => options);
}

describe("cloneSignature", () => {
  it("gives a canvas's arguments to the tasks that run first", () => {
    const cloned = cloneSignature(chord([chain(a, b), b], a), { args: [0], kwargs: { k: 1 } });
    expect(cloned.kwargs).toMatchObject({
      header: [
        {
          kwargs: {
            tasks: [
              { args: [0, 1], kwargs: { k: 1 } },
              { args: [], kwargs: {} },
            ],
          },
        },
        { args: [0], kwargs: { k: 1 } },
      ],
      body: { args: [1], kwargs: {} },
    });
  });
});

describe("withImmutable", () => {
  it("holds for a chain that becomes part of another", () => {
    const second = withImmutable(chain(b, b), true);
    expect(chain(a, second).kwargs["tasks"]).toMatchObject([
      { immutable: false },
      { task: "b", immutable: true },
      { task: "b", immutable: false },
    ]);
  });
});

describe("stampCanvas", () => {
  it("changes neither the canvas nor what it is given", () => {
    const canvas = group([{ ...a, options: { link: [b], tags: ["own"], stamped_headers: ["tags"] } }, b]);
    const before = structuredClone(canvas);
    const list = ["handed"];
    const visited = { tags: ["visited"] };
    stampCanvas(canvas, { headers: { tags: list }, visitor: { onSignature: () => visited }, append: true });
    expect(canvas).toEqual(before);
    expect([list, visited]).toEqual([["handed"], { tags: ["visited"] }]);
  });

  it("lists a stamp where it has a value", () => {
    const visitor: StampingVisitor = { onSignature: ({ task }) => ({ [`for_${task}`]: task }) };
    expect(memberOptions(stampCanvas(group([a, b]), { visitor }))).toEqual([
      { for_a: "a", stamped_headers: ["for_a"] },
      { for_b: "b", stamped_headers: ["for_b"] },
    ]);
  });

  it("calls a visitor with itself, and takes what is no object for nothing", () => {
    class Counting implements StampingVisitor {
      count = 0;
      onSignature(): Record<string, unknown> {
        this.count += 1;
        return undefined as never;
      }
    }
    const visitor = new Counting();
    expect(memberOptions(stampCanvas(group([a, b]), { visitor, headers: { day: 1 } }))).toEqual([
      { day: 1, stamped_headers: ["day"] },
      { day: 1, stamped_headers: ["day"] },
    ]);
    expect(visitor.count).toBe(2);
  });

  it("takes any name for a name", () => {
    const headers = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}');
    const { options } = stampCanvas(a, { headers });
    expect(Object.keys(options)).toEqual(["__proto__", "constructor", "stamped_headers"]);
    expect(Object.getPrototypeOf(options)).toBe(Object.prototype);
  });
});
