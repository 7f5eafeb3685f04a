import { describe, expect, it } from "vitest";
import { createBatcher } from "../../transports/batcher.ts";

describe("createBatcher", () => {
  it("hands on together what one turn of the event loop adds", async () => {
    const flushed: (readonly number[])[] = [];
    const batcher = createBatcher<number>(async (items) => void flushed.push(items), 100);
    const first = batcher.add(1);
    expect(batcher.add(2)).toBe(first);
    await first;
    await batcher.add(3);
    expect(flushed).toEqual([[1, 2], [3]]);
  });

  it("splits at the limit", async () => {
    const sizes: number[] = [];
    const batcher = createBatcher<number>(async (items) => void sizes.push(items.length), 3);
    await Promise.all(Array.from({ length: 8 }, (_, n) => batcher.add(n)));
    expect(sizes).toEqual([3, 3, 2]);
  });

  it("tells everybody in a batch that it failed, and nobody else", async () => {
    let failing = true;
    const batcher = createBatcher<number>(async () => {
      if (failing) throw new Error("no");
    }, 100);
    const outcomes = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    failing = false;
    await expect(batcher.add(3)).resolves.toBeUndefined();
  });

  it("idle() flushes at once and waits", async () => {
    const flushed: number[] = [];
    const batcher = createBatcher<number>(async (items) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      flushed.push(...items);
    }, 100);
    void batcher.add(1);
    await batcher.idle();
    expect(flushed).toEqual([1]);
    await batcher.idle();
  });
});
