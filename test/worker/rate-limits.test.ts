import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp, createTask } from "../../app/index.ts";
import type { Job } from "../../worker/index.ts";
import { parseRate, RateLimits } from "../../worker/rate-limits.ts";

describe("parseRate", () => {
  it.each<[string | number | null | undefined, number | undefined]>([
    ["10/s", 10],
    ["120/m", 2],
    ["1800/h", 0.5],
    ["5", 5],
    [2.5, 2.5],
    ["10/", 10],
    ["0", undefined],
    [0, undefined],
    [null, undefined],
    [undefined, undefined],
  ])("%j is %j a second", (rate, perSecond) => {
    expect(parseRate(rate)).toBe(perSecond);
  });

  it.each(["5/d", "x", "", "-1", "1e3/s", "1/s/s"])("refuses %j", (rate) => {
    expect(() => parseRate(rate)).toThrow(/Invalid rate limit .*write 10\/s/);
  });
});

describe("RateLimits", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const app = createApp({ env: {} });
  const job = (name: string, rateLimit?: string): Job => {
    const options = rateLimit === undefined ? {} : { rateLimit };
    return { task: createTask({ name, options, fn: () => undefined }, app) } as unknown as Job;
  };
  const create = (fallback?: number, isDisabled = false): { limits: RateLimits; started: Job[] } => {
    const started: Job[] = [];
    const limits = new RateLimits({
      fallback,
      isDisabled,
      shared: undefined,
      onAllowed: (one) => started.push(one),
      onWarning: () => undefined,
    });
    return { limits, started };
  };

  it("lets one go at once, and the others in order, one each interval", () => {
    const { limits, started } = create();
    const jobs = [1, 2, 3].map(() => job("mail", "2/s"));
    expect(jobs.map((one) => limits.allows(one))).toEqual([true, false, false]);
    expect(limits.waiting).toEqual(jobs.slice(1));
    expect(limits.allows(job("other"))).toBe(true);
    vi.advanceTimersByTime(499);
    expect(started).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(started).toEqual([jobs[1]]);
    vi.advanceTimersByTime(500);
    expect(started).toEqual(jobs.slice(1));
    expect(limits.allows(job("mail", "2/s"))).toBe(false);
    vi.advanceTimersByTime(5000);
    expect(limits.allows(job("mail", "2/s"))).toBe(true);
  });

  it("changes a limit at once", () => {
    const { limits, started } = create(1);
    const jobs = [1, 2, 3].map(() => job("mail"));
    expect(jobs.map((one) => limits.allows(one))).toEqual([true, false, false]);
    limits.set("mail", null);
    expect(started).toEqual(jobs.slice(1));
    expect(limits.allows(job("mail"))).toBe(true);
    limits.set("mail", 1);
    expect(limits.allows(job("mail"))).toBe(true);
    expect(limits.allows(job("mail"))).toBe(false);
  });

  it("knows no limits when they are switched off, and gives back what waits", () => {
    expect(create(1, true).limits.allows(job("mail", "1/h"))).toBe(true);
    const { limits, started } = create(1);
    const jobs = [job("mail"), job("mail")];
    for (const one of jobs) limits.allows(one);
    expect(limits.clear()).toEqual(jobs.slice(1));
    vi.advanceTimersByTime(10_000);
    expect(started).toEqual([]);
  });
});
