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

const BENCHES = [
  ["producer-redis", 1],
  ["producer-amqp", 1],
  ["worker-redis", 2],
  ["worker-amqp", 2],
  ["roundtrip-redis", 1],
  ["roundtrip-amqp", 1],
  ["gateway", 1],
  ["codecs-serializers", 26],
  ["codecs-compressors", 30],
  ["codecs-signing", 6],
] as const;

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
  it.each(BENCHES)("%s", { timeout: 180_000 }, async (name, cases) => {
    if (!existsSync(program)) throw new Error(`There is no ${program}: run \`npm run build\` first.`);
    const file = join(await temporaryFolder(), "bench.json");
    const args = [program, name, "--rounds", "1", "--count", "20", "--json", file];
    // A contender that fails is in the report, with what it printed.
    await execute(process.execPath, hasPython ? args : [...args, "--only", "celerity|floor"]).catch(() => {});
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    const [bench] = report.benches;
    expect(report.benches.map((one) => one.name)).toEqual([name]);
    expect(bench?.failures).toEqual([]);
    expect(new Set(bench?.rows.map((row) => row.case)).size).toBe(cases);
    const roles = hasPython ? ["celerity", "floor", "python"] : ["celerity", "floor"];
    expect([...new Set(bench?.rows.map((row) => row.role))].sort()).toEqual(roles);
  });
});
