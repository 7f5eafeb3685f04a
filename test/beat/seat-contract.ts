/** What every seat that beats share must do. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { EntryState } from "../../beat/entry.ts";
import type { Seat, Term } from "../../beat/seat.ts";
import { cleanUp } from "../helpers/services.ts";

/** Opens a further beat's seat at the same place. */
export type OpenSeat = () => Seat;

const STATE: EntryState = { lastRunAtMs: 1_800_000_000_123, totalRunCount: 3, pending: [1_800_000_000_123] };

/** A seat that closes with the test. */
export function closing(seat: Seat): Seat {
  cleanUp(() => seat.close());
  return seat;
}

/** The term, when it can be had within so long. */
export async function untilAcquired(seat: Seat, withinMs: number): Promise<Term> {
  for (const sinceMs = performance.now(); performance.now() - sinceMs < withinMs; await sleep(50)) {
    const term = await seat.acquire();
    if (term !== undefined) return term;
  }
  throw new Error(`No term within ${withinMs} ms.`);
}

/** `place` makes an empty place. */
export function seatContract(place: () => Promise<OpenSeat>): void {
  it("has one beat at a time, and the next one has a higher term", async () => {
    const open = await place();
    const [one, other] = [closing(open()), closing(open())];
    const term = await untilAcquired(one, 5000);
    expect(await other.acquire()).toBeUndefined();
    expect(await one.renew(term)).toBe(true);
    await one.release(term);
    expect(await untilAcquired(other, 5000)).toBeGreaterThan(term);
  });

  it("keeps states for the next leader", async () => {
    const open = await place();
    const [one, other] = [closing(open()), closing(open())];
    const term = await untilAcquired(one, 5000);
    const name = "täglich 'um vier'";
    expect(
      await one.write(
        term,
        new Map([
          [name, STATE],
          ["gone", STATE],
        ]),
      ),
    ).toBe(true);
    expect(
      await one.write(
        term,
        new Map([
          [name, { ...STATE, pending: [] }],
          ["gone", undefined],
        ]),
      ),
    ).toBe(true);
    await one.release(term);
    const next = await untilAcquired(other, 5000);
    expect([...(await other.read())]).toEqual([[name, { ...STATE, pending: [] }]]);
    expect(
      await other.write(next, new Map(Array.from({ length: 300 }, (_, at) => [`entry ${at}`, STATE]))),
    ).toBe(true);
    expect((await other.read()).size).toBe(301);
  });

  it("refuses what a beat writes whose term is over", async () => {
    const open = await place();
    const [one, other] = [closing(open()), closing(open())];
    const term = await untilAcquired(one, 5000);
    await one.write(term, new Map([["tick", STATE]]));
    await one.release(term);
    const next = await untilAcquired(other, 5000);
    expect(await one.write(term, new Map([["tick", { ...STATE, totalRunCount: 99 }]]))).toBe(false);
    expect(await one.write(term, new Map([["tick", undefined]]))).toBe(false);
    expect(await one.renew(term)).toBe(false);
    expect((await other.read()).get("tick")).toEqual(STATE);
    expect(await other.renew(next)).toBe(true);
  });
}
