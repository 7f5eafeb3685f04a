import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { SOLAR_EVENTS, type SolarEvent, solar } from "../../../beat/schedules/index.ts";
import { ConfigurationError } from "../../../protocol/errors.ts";
import { runsAfter } from "./generated.ts";

type Vector = readonly [
  event: SolarEvent,
  latitude: number,
  longitude: number,
  startMs: number,
  nextMs: number,
];

/** What Celery says with ephem, see record_solar.py; up to Spitsbergen and the Antarctic. */
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("solar-vectors.json", import.meta.url), "utf8"),
);
/** Both reckon to the second; towards the poles, where the sun crosses a height slowly, up to 5 s were seen. */
const WITHIN_MS = 10_000;

describe("a solar schedule", () => {
  test.each(SOLAR_EVENTS)("%s comes when Celery says", (event) => {
    const ours = vectors.filter((vector) => vector[0] === event);
    expect(ours.length).toBeGreaterThan(100);
    for (const [, latitude, longitude, startMs, nextMs] of ours) {
      const difference = Math.abs(solar(event, latitude, longitude).nextAfter(startMs) - nextMs);
      expect(difference, `${latitude} ${longitude} ${new Date(startMs).toISOString()}`).toBeLessThan(
        WITHIN_MS,
      );
    }
  });

  test("has one time for each event, wherever the search begins", () => {
    const sunset = solar("sunset", 52.52, 13.405);
    const [start, end] = runsAfter(sunset, Date.UTC(2026, 4, 1), 2) as [number, number];
    for (const last of [start, start + 1, start + 500, (start + end) / 2, end - 500, end - 1]) {
      expect(solar("sunset", 52.52, 13.405).nextAfter(last)).toBe(end);
      expect(sunset.nextAfter(last)).toBe(end);
    }
    expect(sunset.nextAfter(start - 1)).toBe(start);
  });

  test.each([
    [65.8, "sunset"],
    [78.22, "sunrise"],
    [-77.85, "dusk_civil"],
    [90, "sunrise"],
  ] as const)("at latitude %d, %s is a day apart or waits for the season", (latitude, event) => {
    const runs = runsAfter(solar(event, latitude, 0), Date.UTC(2025, 0, 1), 40);
    for (const [index, run] of runs.slice(1).entries()) {
      const days = (run - (runs[index] ?? 0)) / 86_400_000;
      expect(days).toBeGreaterThan(0.9);
      expect(days).toBeLessThan(366);
    }
  });

  test("is due at its event, and asked again at the next", () => {
    const noon = solar("solar_noon", 0, 0);
    const [first, second] = runsAfter(noon, Date.UTC(2026, 0, 1), 2) as [number, number];
    expect(noon.isDue(first - 60_000, first - 1000)).toEqual({ isDue: false, nextSeconds: 1 });
    expect(noon.isDue(first - 60_000, first)).toEqual({ isDue: true, nextSeconds: (second - first) / 1000 });
  });

  test("as text and data", () => {
    const sunrise = solar("sunrise", -37.81753, 144.96715);
    expect(sunrise.toString()).toBe("<solar: sunrise at latitude -37.81753, longitude: 144.96715>");
    expect(sunrise.toJSON()).toEqual({
      type: "solar",
      event: "sunrise",
      latitude: -37.81753,
      longitude: 144.96715,
    });
  });

  test.each([
    ["moonrise", 0, 0, /event "moonrise" is unknown. Use dawn_astronomical, /],
    ["sunrise", 91, 0, /latitude of a solar schedule is 91. Use a number from -90 to 90/],
    ["sunrise", 0, -180.5, /longitude of a solar schedule is -180.5. Use a number from -180 to 180/],
    ["sunrise", Number.NaN, 0, /latitude/],
  ] as const)("refuses %s at %d, %d", (event, latitude, longitude, message) => {
    const make = (): unknown => solar(event as SolarEvent, latitude, longitude);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

test("without its package it is refused, with the command to install it, and the others are not", async () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "celerity-schedules-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["beat/schedules", "protocol", "package.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["temporal-polyfill", "tsx"])
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  const code = `
    import { crontab, solar } from "./beat/schedules/index.ts";
    try { solar("sunrise", 0, 0); } catch ({ code, message }) { console.log(String(crontab()), code, message); }
  `;
  const args = ["--import", "tsx", "--input-type=module", "--eval", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(stdout.trim()).toBe(
    "<crontab: * * * * * (m/h/dM/MY/d)> missing_package Solar schedules need the package astronomy-engine. Run: npm install astronomy-engine",
  );
});
