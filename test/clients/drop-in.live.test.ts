/** Celery's own client through a gateway (celerity_client.celery), with a Celery worker behind it. */
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../app/index.ts";
import { createGateway } from "../../gateway/index.ts";
import { pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { requirePython } from "../helpers/python-environment.ts";
import { redisUrl } from "../helpers/services.ts";
import { clientPackage, clientPythonPath, requireClientPackages } from "./python-client.ts";
import { runProgram } from "./toolchain.ts";

test.each(pythonVersions())(
  "an app of Celery %s that cannot reach its broker",
  async (version) => {
    requireClientPackages();
    const [broker, backend] = await Promise.all([redisUrl(), redisUrl()]);
    const app = createApp({ env: {}, brokerUrl: broker, resultBackend: backend, onWarning: () => undefined });
    onTestFinished(() => app.close());
    const gateway = createGateway({ app, access: {} });
    onTestFinished(() => gateway.close());
    const [{ url }] = await Promise.all([
      gateway.listen({ port: 0 }),
      startPythonWorker({ version, broker, backend }),
    ]);
    const made = await gateway.apiKeys?.create({ name: "shop", policy: { scopes: ["admin"], read: "all" } });
    const ran = await runProgram([requirePython(version), "tests/live_drop_in.py"], {
      cwd: clientPackage,
      env: { PYTHONPATH: clientPythonPath, CELERITY_URL: url, CELERITY_API_KEY: made?.key ?? "" },
    });
    expect(ran.code, ran.stderr).toBe(0);
  },
  150_000,
);
