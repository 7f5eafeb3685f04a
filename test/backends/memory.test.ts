import { randomUUID } from "node:crypto";
import createMemoryBackend from "../../backends/memory.ts";
import { backendOptions, testResultBackend } from "../../testing/result-backend.ts";

testResultBackend("memory", async () => {
  const options = backendOptions(`cache+memory://${randomUUID()}`);
  return { client: createMemoryBackend(options), worker: createMemoryBackend(options) };
});
