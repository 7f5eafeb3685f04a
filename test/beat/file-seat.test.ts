import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createFileSeat, stateFile } from "../../beat/index.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "celerity-beat-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const STATE = { lastRunAtMs: 1_800_000_000_000, totalRunCount: 2, pending: [1_800_000_000_000] };

it("keeps states for the next process", async () => {
  const path = join(folder(), "deeper", "state.json");
  const one = createFileSeat({ path });
  expect(
    await one.write(
      1,
      new Map([
        ["a", STATE],
        ["b", STATE],
      ]),
    ),
  ).toBe(true);
  await one.write(1, new Map([["b", undefined]]));
  expect([...(await createFileSeat({ path }).read())]).toEqual([["a", STATE]]);
  expect(readdirSync(join(path, ".."))).toEqual(["state.json"]);
});

it("writes after so many writes, and when it is closed", async () => {
  const path = join(folder(), "state.json");
  const seat = createFileSeat({ path, syncEvery: 3 });
  for (const name of ["a", "b"]) await seat.write(1, new Map([[name, STATE]]));
  expect(existsSync(path)).toBe(false);
  await seat.write(1, new Map([["c", STATE]]));
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")).entries)).toEqual(["a", "b", "c"]);
  await seat.write(1, new Map([["d", STATE]]));
  await seat.close();
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")).entries)).toEqual(["a", "b", "c", "d"]);
});

it.each([
  "",
  "{",
  "[]",
  '{"format": 2, "entries": {}}',
  '{"format": 1, "entries": {"a": {"lastRunAtMs": "x"}}}',
])("puts a file with %j aside, warns and begins anew", async (text) => {
  const path = join(folder(), "state.json");
  writeFileSync(path, text);
  const warnings: string[] = [];
  const seat = createFileSeat({ path, onWarning: (message) => warnings.push(message) });
  expect(await seat.read()).toEqual(new Map());
  expect(warnings).toEqual([expect.stringContaining("cannot be understood")]);
  await seat.write(1, new Map([["a", STATE]]));
  const aside = readdirSync(join(path, "..")).filter((name) => name.includes("corrupt"));
  expect(aside.map((name) => readFileSync(join(path, "..", name), "utf8"))).toEqual([text]);
  expect((await createFileSeat({ path }).read()).get("a")).toEqual(STATE);
});

it("never takes the name of Celery's file", () => {
  expect(stateFile("celerybeat-schedule")).toBe("celerybeat-schedule.json");
  expect(stateFile("/run/beat.json")).toBe("/run/beat.json");
});
