/**
 * Schemathesis sends what the OpenAPI document allows and what it forbids, and compares the answers with the document.
 * Longer by hand: FUZZ_SEED=7 FUZZ_EXAMPLES=100 FUZZ_PHASES=examples,coverage,fuzzing,stateful npx vitest run test/gateway/openapi-fuzz.live.test.ts
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, TestRunner } from "vitest";
import { pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { type Everything, openEverything } from "./bad-input/everything.ts";

const packages = fileURLToPath(new URL("../../.venv/fuzz-packages", import.meta.url));
const config = fileURLToPath(new URL("bad-input/schemathesis.toml", import.meta.url));

const { FUZZ_SEED: seed = "1", FUZZ_EXAMPLES: examples = "3", FUZZ_PHASES: phases } = process.env;
/** The run itself takes less than a minute; by hand, as long as it takes. */
const TIMEOUT_MS = 3_600_000;

interface Run {
  readonly code: number;
  readonly output: string;
}

/** `phase` is what is done when nothing else is asked for. */
async function fuzz(url: string, phase: string, args: readonly string[] = []): Promise<Run> {
  if (!existsSync(`${packages}/installed.txt`)) {
    const message = "Schemathesis is not installed: `npm test` installs it";
    if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
    throw new Error(message);
  }
  const options = [
    ...["--config-file", config, "run", `${url}/v1/openapi.json`, "--url", url, "--no-color"],
    ...["--seed", seed, "--max-examples", examples, "--generation-database", "none"],
    ...["--suppress-health-check", "large_base_example", "--workers", "2"],
    ...["--phases", phases ?? phase, ...args],
  ];
  const env = { ...pythonEnvironment(), PYTHONPATH: packages };
  const cwd = await temporaryFolder();
  return await new Promise((resolve) => {
    const child = execFile(
      requirePython("latest"),
      ["-m", "schemathesis.cli", ...options],
      { env, cwd, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }),
    );
    onTestFinished(() => void child.kill("SIGKILL"));
  });
}

/** Makes what the names in schemathesis.toml stand for. */
async function furnish(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [path, body] of [
    ["/v1/schedules/s", { task: "examples.add", every: 86_400 }],
    ["/v1/webhook-endpoints/s", { url: "https://192.0.2.1/" }],
    ["/v1/hooks/n", { verifier: "none", rules: [{ task: "examples.add" }] }],
    ["/v1/task-types/examples.add", { description: "Adds." }],
  ] as const) {
    await fetch(url + path, {
      method: "PUT",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }
}

function expectClean({ code, output }: Run, { complaints }: Everything): void {
  expect(code, output).toBe(0);
  // Broker, store and state are there all the time.
  expect(complaints).toEqual([]);
}

it("does what its OpenAPI document says, at the edges of what it allows", {
  timeout: TIMEOUT_MS,
}, async () => {
  const place = await openEverything();
  await furnish(place.url);
  expectClean(await fuzz(place.url, "coverage"), place);
});

it("does what its OpenAPI document says, to callers with a key", { timeout: TIMEOUT_MS }, async () => {
  const place = await openEverything({ access: { failuresPerMinute: 0 } });
  const made = await place.gateway.apiKeys?.create({
    name: "fuzz",
    policy: { scopes: ["admin"], read: "all" },
  });
  const authorization = `Bearer ${made?.key}`;
  await furnish(place.url, { authorization });
  const run = await fuzz(place.url, "examples,fuzzing,stateful", [
    "--header",
    `Authorization:${authorization}`,
  ]);
  expectClean(run, place);
});
