import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { testWorker } from "../helpers/worker.ts";
import { app } from "./retry-lost-app.ts";

const appModule = fileURLToPath(new URL("./retry-lost-app.ts", import.meta.url));

it("retries a task whose process died, and fails it when no retry is left", async () => {
  const worker = await testWorker(app, { pool: "prefork", appModule, concurrency: 1 });
  const states: string[] = [];
  const fails = async (task: string): Promise<void> => {
    const onChange = ({ status }: { readonly status: string }): void => void states.push(status);
    await expect(app.call(task, { timeoutMs: 30_000, onChange })).rejects.toMatchObject({
      type: "WorkerLostError",
      module: "billiard.exceptions",
    });
  };
  await fails("die");
  expect(states).toContain("RETRY");
  await fails("die.late");
  await fails("die.again");
  expect(Object.fromEntries(worker.total)).toMatchObject({ die: 3, "die.late": 1, "die.again": 1 });
});
