import fc from "fast-check";
import { expect, it } from "vitest";
import { Agenda } from "../../beat/agenda.ts";
import { fireId } from "../../beat/fire-id.ts";

it("gives out names by time, each at the time that was planned last", () => {
  const plans = fc.array(
    fc.oneof(
      fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), atMs: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ name: fc.constantFrom("a", "b", "c"), atMs: fc.constant(Number.NaN) }),
    ),
  );
  fc.assert(
    fc.property(plans, fc.integer({ min: 0, max: 20 }), (steps, nowMs) => {
      const agenda = new Agenda();
      const model = new Map<string, number>();
      for (const { name, atMs } of steps) {
        if (Number.isNaN(atMs)) {
          agenda.drop(name);
          model.delete(name);
        } else {
          agenda.plan(name, atMs);
          model.set(name, atMs);
        }
      }
      expect(agenda.nextAtMs()).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
      const due = [...model].filter(([, atMs]) => atMs <= nowMs);
      const taken = agenda.take(nowMs);
      expect(taken.map((name) => model.get(name))).toEqual(due.map(([, atMs]) => atMs).sort((a, b) => a - b));
      expect([...taken].sort()).toEqual(due.map(([name]) => name).sort());
      expect(agenda.take(nowMs)).toEqual([]);
    }),
  );
});

it("never gives out what is planned for never", () => {
  const agenda = new Agenda();
  agenda.plan("a", 1);
  agenda.plan("a", Number.POSITIVE_INFINITY);
  expect(agenda.take(Number.MAX_VALUE)).toEqual([]);
});

it("makes the UUID that Python's uuid5 makes of the same name", () => {
  // uuid.uuid5(uuid.UUID("5bd8b0b44c1b4f0ea8a1f0c0be47a7e1"), '["celery","täglich",1763726400000]')
  expect(fireId("celery", "täglich", 1_763_726_400_000)).toBe("be02af8d-6e8e-5e86-9cce-199d6dce8f53");
});
