import { test } from "vitest";
import { loadPlans, record, runVectors } from "../../conformance/index.ts";
import { redisUrl } from "../helpers/services.ts";

test("scratch", async () => {
  const [file] = loadPlans("conformance/plans");
  const session = {
    command: [".venv/celery-latest/bin/python", "conformance/adapters/python-celery/adapter.py"] as [
      string,
      string,
    ],
    timeoutMs: 10000,
  };
  const servers = { broker: await redisUrl() };
  const vectors = await record(file?.plans ?? [], { session, servers });
  for (const v of vectors) console.log(JSON.stringify(v));
  const run = await runVectors({ vectors, session, servers });
  for (const r of run.results) console.log(JSON.stringify(r));
}, 120000);
