/** The package of clients/python/seal: its own tests, and seals from here to there; the other way is seal-vectors.test.ts. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { loadSealKey, sealMessage } from "../../signing/index.ts";
import { python, pythonVersions } from "../helpers/python.ts";
import { pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { redisUrl } from "../helpers/services.ts";
import { PYTHONPATH, packageFolder } from "./python-package.ts";
import { sealVectors, toMessage } from "./seal-vectors.ts";

test("the package's own tests pass on every Celery", async () => {
  const args = ["-W", "ignore", "-m", "unittest", "discover", "-s", "tests"];
  const runs = pythonVersions().map(async (version) => {
    const env = { ...pythonEnvironment(), PYTHONPATH, CELERITY_TEST_REDIS: await redisUrl() };
    return promisify(execFile)(requirePython(version), args, { cwd: packageFolder, env });
  });
  for (const { stderr } of await Promise.all(runs)) expect(stderr).toMatch(/\nOK\n$/);
});

describe.each(pythonVersions())("Celery %s", (version) => {
  test("verifies what TypeScript sealed", async () => {
    const key = loadSealKey(sealVectors.keys.trusted.private_pem);
    const messages = sealVectors.messages
      .filter(({ verdict }) => verdict === "ok")
      .map((vector) => {
        const { queue, aud: audience } = vector.claims ?? {};
        const seal = sealMessage(toMessage(vector), { key, audience, queue, nowMs: sealVectors.now_ms });
        return { ...vector, seal };
      });
    const file = join(packageFolder, "tests", "verify_seals.py");
    const verdicts = await python({
      version,
      file,
      env: { PYTHONPATH },
      input: { ...sealVectors, messages },
    });
    expect(verdicts).toEqual(messages.map(() => "ok"));
  });
});
