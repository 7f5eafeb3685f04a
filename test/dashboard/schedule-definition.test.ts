import { describe, expect, it } from "vitest";
import { NEW, toBody, toDefinition, withZone } from "../../dashboard/src/views/schedules/definition.ts";

const STORED = {
  name: "nightly",
  task: "shop.report",
  kwargs: { deep: [1] },
  cron: "0 4 * * *",
  timezone: "Europe/Berlin",
  queue: "reports",
  priority: 3,
  enabled: false,
  one_off: false,
  catch_up: "none",
  description: "",
  origin: "store",
  total_runs: 0,
  next_due: [],
};

describe("a schedule in the form", () => {
  it("comes back as it was, with its numbers as they were written", () => {
    const text = JSON.stringify(STORED).replace("{", '{"args":[9007199254740993,1.0],');
    const form = toDefinition(text);
    expect(form).toMatchObject({ way: "cron", args: "[9007199254740993,1.0]", kwargs: '{"deep":[1]}' });
    const body = toBody(form, { enabled: false, one_off: false });
    expect(body).toContain('"args":[9007199254740993,1.0]');
    expect(JSON.parse(body)).toMatchObject({
      task: "shop.report",
      cron: "0 4 * * *",
      timezone: "Europe/Berlin",
      queue: "reports",
      priority: 3,
      enabled: false,
      catch_up: "none",
    });
  });

  it("says one way of when, and nothing that was left empty", () => {
    const form = { ...NEW, name: "n", task: " t ", every: "30" };
    expect(JSON.parse(toBody(form))).toEqual({ task: "t", args: [], kwargs: {}, every: 30, catch_up: "one" });
    expect(JSON.parse(toBody({ ...form, every: "PT30S" }))).toMatchObject({ every: "PT30S" });
    const sun = { ...form, way: "solar", latitude: "52.5", longitude: "-13" } as const;
    expect(JSON.parse(toBody(sun))).toMatchObject({
      solar: { event: "sunrise", latitude: 52.5, longitude: -13 },
    });
    expect(JSON.parse(toBody({ ...form, way: "at", at: "2030-01-01T00:00:00Z" }))).toMatchObject({
      at: "2030-01-01T00:00:00Z",
    });
  });

  it("takes the reader's clock for a time without a zone", () => {
    expect(withZone("2030-01-31 04:00")).toBe(new Date("2030-01-31T04:00").toISOString());
    for (const text of ["2030-01-31T04:00:00+02:00", "tomorrow", ""]) expect(withZone(text)).toBe(text);
  });
});
