/** How long a key stays with the gateway that has it, by a clock that the test winds. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "../../gateway/answer.ts";
import type { Exchange } from "../../gateway/exchange.ts";
import { type FirstRun, Idempotency } from "../../gateway/idempotency/idempotency.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";

const ANSWER: Answer = { status: 202, contentType: "application/json", text: "{}", headers: {} };
const REQUEST = { key: "k", content: ["the same"] };

// The parts of a request that a key counts for.
const exchange = {
  caller: { tenant: null, id: "anyone" },
  req: { method: "POST" },
  path: "/v1/tasks",
  base: "",
} as unknown as Exchange;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a key whose work goes on", () => {
  it("is claimed for as long as its gateway lives, and passes to another soon after", async () => {
    const state = createMemoryState();
    const open = (): Idempotency => new Idempotency({ state, keepMs: 3_600_000, onWarning: () => undefined });
    const [one, other] = [open(), open()];
    let finish: () => void = () => undefined;
    const work = new Promise<Answer>((resolve) => {
      finish = () => resolve(ANSWER);
    });
    const first = one.run(exchange, REQUEST, () => work);
    await vi.advanceTimersByTimeAsync(300_000);
    const again = (): Promise<Answer> => other.run(exchange, REQUEST, async () => ANSWER);
    await expect(again()).rejects.toMatchObject({ type: "idempotency-in-progress" });
    finish();
    expect(await first).toBe(ANSWER);
    // Answers are written a moment later.
    await vi.advanceTimersByTimeAsync(1000);
    expect((await again()).headers).toEqual({ "idempotent-replayed": "true" });
  });

  it("passes to another ten seconds after its gateway's death, with the same id", async () => {
    const state = createMemoryState();
    const options = { keepMs: 3_600_000, onWarning: () => undefined };
    const ids: string[] = [];
    let isDead = false;
    const unlisted = new Proxy(state.unlisted, {
      // A dead gateway claims nothing again.
      get: (target, name) =>
        isDead && name === "get" ? async () => undefined : Reflect.get(target, name).bind(target),
    });
    const dying = new Idempotency({ ...options, state: { ...state, unlisted } });
    const never = new Promise<Answer>(() => undefined);
    void dying.run(exchange, REQUEST, ({ taskId }) => {
      ids.push(taskId);
      return never;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    isDead = true;
    const other = new Idempotency({ ...options, state });
    let takeover: FirstRun | undefined;
    const again = (): Promise<Answer> =>
      other.run(exchange, REQUEST, async (run) => {
        takeover = run;
        return ANSWER;
      });
    await expect(again()).rejects.toMatchObject({ type: "idempotency-in-progress" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await again()).toBe(ANSWER);
    expect(takeover).toEqual({ taskId: ids[0], isTakeover: true });
  });
});
