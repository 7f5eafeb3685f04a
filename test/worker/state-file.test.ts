import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

describe("the state file of a worker", () => {
  const path = async (): Promise<string> => join(await temporaryFolder(), "worker.state");

  it("keeps revoked tasks across a restart", async () => {
    const stateFile = await path();
    const app = testApp();
    let runs = 0;
    const count = app.task("count", () => {
      runs += 1;
    });
    const first = await testWorker(app, { stateFile });
    first.revoked.add("the-task");
    first.revoked.addStamps("tenant", ["evil"]);
    await first.stop();
    expect(JSON.parse(await readFile(stateFile, "utf8"))).toMatchObject({ version: 1 });
    const second = await testWorker(app, { stateFile });
    expect(second.revoked.ids()).toEqual(["the-task"]);
    const revoked = await count.applyAsync([], { taskId: "the-task" });
    await expect(revoked.get({ timeoutMs: 5000 })).rejects.toMatchObject({ code: "task_revoked" });
    const stamped = await count.applyAsync([], { stampedHeaders: ["tenant"], stamps: { tenant: ["evil"] } });
    await expect(stamped.get({ timeoutMs: 5000 })).rejects.toMatchObject({ code: "task_revoked" });
    expect(runs).toBe(0);
  });

  it.each([
    ["not json", "cannot be read"],
    ['{"version":9}', "not a state file of this version"],
    ['{"version":1,"revoked":3}', '"revoked" must have'],
  ])("that holds %s ends the start", async (text, message) => {
    const stateFile = await path();
    await writeFile(stateFile, text);
    await expect(testWorker(testApp(), { stateFile })).rejects.toThrow(message);
    expect(await readFile(stateFile, "utf8")).toBe(text);
  });

  it("that cannot be written ends the start", async () => {
    const stateFile = join(await temporaryFolder(), "no", "such", "folder");
    await expect(testWorker(testApp(), { stateFile })).rejects.toThrow("cannot be written");
  });
});
