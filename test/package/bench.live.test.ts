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

interface BenchRun {
  readonly name: string;
  readonly cases: number;
  /** Of the benches that start workers, those that are worth their time here. */
  readonly roles?: readonly string[];
  readonly count?: number;
}

const BENCHES: readonly BenchRun[] = [
  { name: "producer-redis", cases: 1 },
  { name: "producer-amqp", cases: 1 },
  { name: "worker-redis", cases: 2 },
  { name: "worker-amqp", cases: 2 },
  { name: "worker-pools-cpu", cases: 1, roles: ["celerity"] },
  { name: "worker-pools-drain-redis", cases: 2, roles: ["celerity", "python"] },
  { name: "worker-pools-drain-amqp", cases: 2, roles: ["celerity"] },
  { name: "worker-pools-waits", cases: 1, roles: ["celerity", "python"] },
  { name: "worker-pools-startup", cases: 2, roles: ["celerity", "python"], count: 1 },
  { name: "worker-pools-memory", cases: 2, roles: ["celerity"], count: 1 },
  { name: "drain-million", cases: 1, roles: ["celerity"], count: 500 },
  { name: "roundtrip-redis", cases: 1 },
  { name: "roundtrip-amqp", cases: 1 },
  { name: "gateway", cases: 1 },
  { name: "gateway-flower", cases: 1, roles: ["celerity", "python"] },
  { name: "gateway-waits", cases: 1, roles: ["celerity", "floor"] },
  { name: "gateway-memory", cases: 3, roles: ["celerity"], count: 1 },
  { name: "codecs-serializers", cases: 26 },
  { name: "codecs-compressors", cases: 30 },
  { name: "codecs-signing", cases: 6 },
];

const EVERY_ROLE = ["celerity", "floor", "python"] as const;

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
    "$name",
    { timeout: 180_000 },
    async ({ name, cases, roles: wanted = EVERY_ROLE, count = 20 }) => {
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
