import { describe, expect, it, onTestFinished } from "vitest";
import { SILENT } from "../../beat/beat-options.ts";
import type { BeatEntry, EntryState } from "../../beat/entry.ts";
import { fireId } from "../../beat/fire-id.ts";
import { takeLease } from "../../beat/lease.ts";
import { Reign } from "../../beat/reign.ts";
import { clocked, type Schedule, schedule } from "../../beat/schedules/index.ts";
import type { Seat } from "../../beat/seat.ts";
import { createFileSeat } from "../../beat/seats/file.ts";
import { entry, FakeSender, FakeSource, UNAVAILABLE } from "./entries.ts";
import { FakeClock } from "./fake-clock.ts";

const START = Date.parse("2026-11-21T12:00:00Z");

interface Scene {
  readonly clock: FakeClock;
  readonly sender: FakeSender;
  readonly source: FakeSource;
  readonly seat: Seat;
  /** Of an entry, as the seat knows it. */
  state(name?: string): Promise<EntryState | undefined>;
  /** Ends the reign in order. */
  stop(): Promise<void>;
}

interface SceneOptions {
  readonly entries?: readonly BeatEntry[];
  readonly seat?: Seat;
  readonly clock?: FakeClock;
  readonly sender?: FakeSender;
  readonly deadlineSeconds?: number;
}

async function reign(options: SceneOptions = {}): Promise<Scene> {
  const { entries = [entry()], seat = createFileSeat(), sender = new FakeSender() } = options;
  const clock = options.clock ?? new FakeClock(START);
  const source = new FakeSource(entries);
  const lease = await takeLease(seat, clock, () => undefined);
  if (lease === undefined) throw new Error("Another one has the seat.");
  const end = new AbortController();
  const running = new Reign({
    seat,
    lease,
    source,
    sender,
    clock,
    logger: SILENT,
    lockName: "test",
    maxIntervalMs: 5000,
    deadlineSeconds: options.deadlineSeconds ?? null,
  }).run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await running;
    await lease.end();
  };
  onTestFinished(stop);
  await clock.rest();
  return { clock, sender, source, seat, stop, state: async (name = "tick") => (await seat.read()).get(name) };
}

/** A seat that can be broken. */
function breakable(): { readonly seat: Seat; isDown: boolean; isLost: boolean } {
  const inner = createFileSeat();
  const control = { isDown: false, isLost: false };
  const seat: Seat = {
    ...inner,
    renew: async () => !control.isLost,
    async write(term, states) {
      if (control.isDown) throw new Error("No seat.");
      return !control.isLost && (await inner.write(term, states));
    },
  };
  return Object.assign(control, { seat });
}

describe("the loop", () => {
  it("sends an interval's task one interval after it was first seen, and then each interval", async () => {
    const { clock, sender } = await reign();
    await clock.pass(9_999);
    expect(sender.sent).toEqual([]);
    await clock.pass(20_001);
    expect(sender.sent.map(({ id }) => id)).toEqual(
      [10, 20, 30].map((seconds) => fireId("test", "tick", START + seconds * 1000)),
    );
  });

  it("sends in the order in which entries are due", async () => {
    const entries = [
      entry({ name: "slow", schedule: schedule(7) }),
      entry({ name: "quick", schedule: schedule(3) }),
    ];
    const { clock, sender } = await reign({ entries });
    await clock.pass(14_000);
    expect(sender.names).toEqual(["quick", "quick", "slow", "quick", "quick", "slow"]);
  });

  it("writes a run down before it sends it, and that it was sent", async () => {
    const { clock, sender, state } = await reign();
    await clock.pass(1000);
    expect(await state()).toEqual({ lastRunAtMs: START, totalRunCount: 0, pending: [] });
    sender.failure = UNAVAILABLE;
    await clock.pass(9000);
    expect(await state()).toEqual({
      lastRunAtMs: START + 10_000,
      totalRunCount: 1,
      pending: [START + 10_000],
    });
    sender.failure = undefined;
    await clock.pass(1000);
    expect(await state()).toEqual({ lastRunAtMs: START + 10_000, totalRunCount: 1, pending: [] });
    expect(sender.sent).toEqual([{ name: "tick", id: fireId("test", "tick", START + 10_000) }]);
  });

  it("sends what a long failure of the broker has collected as one run", async () => {
    const { clock, sender } = await reign();
    sender.failure = UNAVAILABLE;
    await clock.pass(65_000);
    sender.failure = undefined;
    await clock.pass(30_000);
    const [first, second] = sender.sent.map(({ id }) => id);
    expect(first).toBe(fireId("test", "tick", START + 10_000));
    expect(second).toBe(fireId("test", "tick", START + 20_000));
    expect(new Set(sender.sent.map(({ id }) => id)).size).toBe(sender.sent.length);
  });

  it("gives up a run whose message cannot be made, and goes on with the next", async () => {
    const { clock, sender, state } = await reign();
    sender.broken.add("tick");
    await clock.pass(10_000);
    expect((await state())?.pending).toEqual([]);
    sender.broken.clear();
    await clock.pass(10_000);
    expect(sender.sent).toEqual([{ name: "tick", id: fireId("test", "tick", START + 20_000) }]);
  });

  it("lets no schedule that fails stop another entry", async () => {
    const broken: Schedule = {
      ...schedule(1),
      toJSON: () => ({ type: "interval", seconds: 1 }),
      nextAfter: () => {
        throw new Error("It cannot be calculated.");
      },
    };
    const stuck: Schedule = { ...broken, nextAfter: (lastRunAtMs) => lastRunAtMs };
    const entries = [
      entry({ name: "broken", schedule: broken }),
      entry({ name: "stuck", schedule: stuck }),
      entry(),
    ];
    const { clock, sender } = await reign({ entries });
    await clock.pass(20_000);
    expect(sender.names).toEqual(["tick", "tick"]);
  });

  it("sends nothing while it cannot write, and everything afterwards", async () => {
    const control = breakable();
    const { clock, sender } = await reign({ seat: control.seat });
    await clock.pass(5000);
    control.isDown = true;
    await clock.pass(15_000);
    expect(sender.sent).toEqual([]);
    control.isDown = false;
    await clock.pass(10_000);
    expect(sender.sent.map(({ id }) => id)).toEqual(
      [10, 20, 30].map((seconds) => fireId("test", "tick", START + seconds * 1000)),
    );
  });
});

describe("a leader", () => {
  it("sends nothing more when the seat says that another one has it", async () => {
    const control = breakable();
    const { clock, sender } = await reign({ seat: control.seat });
    await clock.pass(10_000);
    control.isLost = true;
    await clock.pass(60_000);
    expect(sender.sent).toHaveLength(1);
  });

  it("that was asleep beyond its lease sends nothing when it wakes up", async () => {
    const control = breakable();
    const { clock, sender } = await reign({ seat: control.seat });
    await clock.pass(9_000);
    control.isLost = true;
    await clock.jump(60_000);
    await clock.pass(60_000);
    expect(sender.sent).toEqual([]);
  });

  it("begins with the runs that the one before has left pending, under the same ids", async () => {
    const { clock, sender, seat, stop } = await reign();
    sender.failure = UNAVAILABLE;
    await clock.pass(10_000);
    await stop();
    sender.failure = undefined;
    await reign({ clock, sender, seat });
    expect(sender.sent).toEqual([{ name: "tick", id: fireId("test", "tick", START + 10_000) }]);
  });

  it("does not send again what the result store knows", async () => {
    const { clock, sender, seat, stop } = await reign();
    sender.failure = UNAVAILABLE;
    await clock.pass(10_000);
    await stop();
    sender.failure = undefined;
    sender.known.add(fireId("test", "tick", START + 10_000));
    const { state } = await reign({ clock, sender, seat });
    await clock.pass(1000);
    expect(sender.sent).toEqual([]);
    expect((await state())?.pending).toEqual([]);
  });

  it("does not send again what has failed, when the result store knows it by then", async () => {
    const { clock, sender, state } = await reign();
    sender.failure = UNAVAILABLE;
    await clock.pass(10_000);
    sender.failure = undefined;
    sender.known.add(fireId("test", "tick", START + 10_000));
    await clock.pass(5000);
    expect(sender.sent).toEqual([]);
    expect((await state())?.pending).toEqual([]);
  });

  it.each([
    ["one", 1],
    ["none", 0],
    ["all", 12],
  ] as const)("makes up for %s of the runs that were missed", async (catchUp, count) => {
    const { clock, sender, seat, stop } = await reign({ entries: [entry({ catchUp })] });
    await clock.pass(5000);
    await stop();
    await clock.pass(120_000);
    await reign({ clock, sender, seat, entries: [entry({ catchUp })] });
    await clock.pass(1000);
    expect(sender.sent).toHaveLength(count);
    expect(new Set(sender.sent.map(({ id }) => id)).size).toBe(count);
  });

  it("makes up for a thousand runs at most", async () => {
    const entries = [entry({ catchUp: "all", schedule: schedule(1) })];
    const { clock, sender, seat, stop } = await reign({ entries });
    await clock.pass(500);
    await stop();
    await clock.pass(5_000_000);
    await reign({ clock, sender, seat, entries });
    await clock.pass(500);
    expect(sender.sent).toHaveLength(1000);
    await clock.pass(1500);
    expect(sender.sent.length - 1000).toBeLessThan(3);
  });
});

describe("entries that change", () => {
  it("takes up a new entry and drops an old one within 5 s", async () => {
    const { clock, sender, source, state } = await reign();
    await clock.pass(12_000);
    source.entries = [entry({ name: "new", schedule: schedule(2) })];
    await clock.pass(5000);
    const before = sender.sent.length;
    await clock.pass(4000);
    expect(sender.names.slice(before)).toEqual(["new", "new"]);
    expect(await state()).toBeUndefined();
  });

  it("carries on from the last run with a new definition", async () => {
    const { clock, sender, source } = await reign();
    await clock.pass(10_000);
    source.entries = [entry({ schedule: schedule(30) })];
    await clock.pass(29_000);
    expect(sender.sent).toHaveLength(1);
    await clock.pass(1000);
    expect(sender.sent).toHaveLength(2);
  });

  it("tells the source about runs", async () => {
    const { clock, source } = await reign();
    await clock.pass(20_000);
    expect(source.recorded).toEqual([
      { name: "tick", lastRunAtMs: START + 10_000, count: 1 },
      { name: "tick", lastRunAtMs: START + 20_000, count: 1 },
    ]);
  });

  it("runs a one-off entry once and pauses it", async () => {
    const time = new Date(START + 3000).toISOString();
    const once = entry({ name: "once", schedule: clocked(time), oneOff: true, isStored: true });
    const { clock, sender, source } = await reign({ entries: [once] });
    await clock.pass(60_000);
    expect(sender.names).toEqual(["once"]);
    expect(source.disabled).toEqual(["once"]);
  });

  it("runs an entry once more when it is made a one-off one, also when another leads by then", async () => {
    const { clock, sender, source, seat, stop } = await reign();
    await clock.pass(20_000);
    expect(sender.sent).toHaveLength(2);
    source.entries = [entry({ oneOff: true, schedule: schedule(20), runCount: 2 })];
    await clock.pass(6000);
    await stop();
    const next = await reign({ clock, sender, seat, entries: source.entries });
    await clock.pass(60_000);
    expect(sender.sent).toHaveLength(3);
    expect(next.source.disabled).toEqual(["tick"]);
  });

  it("does not run a one-off entry that another beat has run", async () => {
    const { clock, sender, source } = await reign({ entries: [entry({ oneOff: true, runCount: 1 })] });
    await clock.pass(30_000);
    expect(sender.sent).toEqual([]);
    expect(source.disabled).toEqual(["tick"]);
  });

  it("runs a one-off entry though its instant is over", async () => {
    const time = new Date(START - 3_600_000).toISOString();
    const { clock, sender } = await reign({ entries: [entry({ schedule: clocked(time), oneOff: true })] });
    await clock.pass(1000);
    expect(sender.names).toEqual(["tick"]);
  });

  it("pauses an entry whose time is over", async () => {
    const { clock, sender, source } = await reign({ entries: [entry({ expiresAtMs: START + 25_000 })] });
    await clock.pass(60_000);
    expect(sender.sent).toHaveLength(2);
    expect(source.disabled).toEqual(["tick"]);
  });

  it("runs an entry first at its start time", async () => {
    const { clock, sender } = await reign({ entries: [entry({ startAtMs: START + 33_000 })] });
    await clock.pass(32_999);
    expect(sender.sent).toEqual([]);
    await clock.pass(10_001);
    expect(sender.sent.map(({ id }) => id)).toEqual(
      [33, 43].map((seconds) => fireId("test", "tick", START + seconds * 1000)),
    );
  });

  it("carries on from the run that another kind of beat has noted", async () => {
    const { clock, sender, source } = await reign();
    await clock.pass(5000);
    source.entries = [entry({ sinceMs: START + 4000 })];
    await clock.pass(8999);
    expect(sender.sent).toEqual([]);
    await clock.pass(1);
    expect(sender.sent).toHaveLength(1);
  });
});
