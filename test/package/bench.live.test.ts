/** Every bench still runs, whatever its figures are. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { serviceMissing, temporaryFolder } from "../helpers/services.ts";

const execute = promisify(execFile);

/** The benches measure compiled code; `npm test` builds before it tests. */
const program = "dist/bench/main.js";

/** Bench, cases, and of the benches that start workers the roles that are worth their time here. */
const BENCHES: readonly (readonly [
  name: string,
  cases: number,
  roles?: readonly string[],
  count?: number,
])[] = [
  ["producer-redis", 1],
  ["producer-amqp", 1],
  ["worker-redis", 2],
  ["worker-amqp", 2],
  ["worker-pools-cpu", 1, ["celerity"]],
  ["worker-pools-drain-redis", 2, ["celerity", "python"]],
  ["worker-pools-drain-amqp", 2, ["celerity"]],
  ["worker-pools-waits", 1, ["celerity", "python"]],
  ["worker-pools-startup", 2, ["celerity", "python"], 1],
  ["worker-pools-memory", 2, ["celerity"], 1],
  ["drain-million", 1, ["celerity"], 500],
  ["roundtrip-redis", 1],
  ["roundtrip-amqp", 1],
  ["gateway", 1],
  ["codecs-serializers", 26],
  ["codecs-compressors", 30],
  ["codecs-signing", 6],
];

interface Report {
  readonly benches: readonly {
    readonly name: string;
    readonly rows: readonly { readonly case: string; readonly role: string }[];
    readonly failures: readonly unknown[];
  }[];
}

/** Without Python Celery the benches compare with the floor alone; in CI it must be there. */
const hasPython = Boolean(process.env["CI"]) || existsSync(".venv/celery-latest/bin/python");

describe.skipIf(serviceMissing("redis", "rabbitmq"))("npm run bench", () => {
  it.each(BENCHES)(
    "%s",
    { timeout: 180_000 },
    async (name, cases, wanted = ["celerity", "floor", "python"], count = 20) => {
      if (!existsSync(program)) throw new Error(`There is no ${program}: run \`npm run build\` first.`);
      const file = join(await temporaryFolder(), "bench.json");
      const roles = wanted.filter((role) => hasPython || role !== "python");
      const what = ["--rounds", "1", "--count", String(count), "--only", roles.join("|")];
      // A contender that fails is in the report, with what it printed.
      await execute(process.execPath, [program, name, ...what, "--json", file]).catch(() => {});
      const report = JSON.parse(readFileSync(file, "utf8")) as Report;
      const [bench] = report.benches;
      expect(report.benches.map((one) => one.name)).toEqual([name]);
      expect(bench?.failures).toEqual([]);
      expect(new Set(bench?.rows.map((row) => row.case)).size).toBe(cases);
      expect([...new Set(bench?.rows.map((row) => row.role))].sort()).toEqual(roles);
    },
  );
});
