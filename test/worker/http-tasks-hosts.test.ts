/** Who may call a host, and when. */
import { describe, expect, test } from "vitest";
import { Breaker } from "../../worker/http-tasks/breaker.ts";
import { Turns } from "../../worker/http-tasks/turns.ts";

describe("Breaker", () => {
  const failing = (times: number): Breaker => {
    const breaker = new Breaker();
    for (let count = 0; count < times; count += 1) breaker.failed("a", 1000);
    return breaker;
  };

  test("leaves a host alone after five failures in a row, for 30 seconds", () => {
    expect(failing(4).waitMs("a", 1000)).toBe(0);
    const breaker = failing(5);
    expect(breaker.waitMs("a", 1000)).toBe(30_000);
    expect(breaker.waitMs("a", 30_999)).toBe(1);
    expect(breaker.waitMs("b", 1000)).toBe(0);
  });

  test("lets one call find out, and all when it succeeds", () => {
    const breaker = failing(5);
    expect(breaker.waitMs("a", 31_000)).toBe(0);
    expect(breaker.waitMs("a", 31_000)).toBe(30_000);
    breaker.succeeded("a");
    expect([breaker.waitMs("a", 31_000), breaker.waitMs("a", 31_000)]).toEqual([0, 0]);
  });

  test("leaves it alone again when that call fails", () => {
    const breaker = failing(5);
    breaker.waitMs("a", 31_000);
    breaker.failed("a", 32_000);
    expect(breaker.waitMs("a", 32_000)).toBe(30_000);
  });

  test("begins to count anew after a success", () => {
    const breaker = failing(4);
    breaker.succeeded("a");
    breaker.failed("a", 1000);
    expect(breaker.waitMs("a", 1000)).toBe(0);
  });

  test("forgets the oldest of ten thousand", () => {
    const breaker = failing(5);
    for (let host = 0; host < 10_000; host += 1) breaker.failed(String(host), 1000);
    expect(breaker.waitMs("a", 1000)).toBe(0);
  });
});

describe("Turns", () => {
  /** Whether it is settled by now. */
  async function isOver(promise: Promise<unknown>): Promise<boolean> {
    let over = false;
    void promise.then(() => {
      over = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    return over;
  }

  test("are given in the order of asking, within both bounds", async () => {
    const turns = new Turns({ concurrency: 2, perHost: 1 });
    const a = turns.take("a");
    const again = turns.take("a");
    const b = turns.take("b");
    const c = turns.take("c");
    expect(await Promise.all([a, again, b, c].map(isOver))).toEqual([true, false, true, false]);
    (await b)?.();
    expect(await Promise.all([again, c].map(isOver))).toEqual([false, true]);
    (await a)?.();
    expect(await isOver(again)).toBe(true);
  });

  test("are refused to all who wait once they are called off", async () => {
    const turns = new Turns({ concurrency: 1, perHost: 1 });
    const first = await turns.take("a");
    const waiting = [turns.take("a"), turns.take("b")];
    await isOver(Promise.all(waiting));
    turns.callOff();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(await turns.take("c")).toBeUndefined();
    expect(first).toBeTypeOf("function");
  });
});
