import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { toProblem } from "../../gateway/http-status.ts";
import { createTaskIndex } from "../../gateway/open-task-index.ts";
import { createStateStore } from "../../gateway/state/open-state.ts";
import { StateError } from "../../gateway/state/state-error.ts";
import { postgresUrl, redisUrl, serviceMissing, sqliteFile, startRedis } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { openGateway, post, read } from "./place.ts";

const PROGRAM = fileURLToPath(new URL("state-process.ts", import.meta.url));

const places: readonly (readonly [string, boolean, () => Promise<string>])[] = [
  ["SQLite", false, async () => `sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", serviceMissing("postgres"), postgresUrl],
  ["Redis", serviceMissing("redis"), redisUrl],
];

function onWarning(message: string, error?: unknown): void {
  throw new Error(message, { cause: error });
}

describe.each(places)("a gateway's state in %s", (_name, isMissing, place) => {
  it.skipIf(isMissing)("outlives a killed process", { timeout: 60_000 }, async () => {
    const url = await place();
    const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, url], { stdio: "inherit" });
    onTestFinished(() => void child.kill("SIGKILL"));
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    const state = createStateStore({ url, onWarning });
    onTestFinished(() => state.close());
    const index = createTaskIndex({ url, onWarning });
    onTestFinished(() => index.close());
    expect((await state.records.get("kind", "key"))?.value).toBe('"kept"');
    expect(await state.agenda.get("topic", "a")).toEqual({ id: "a", dueAtMs: 1, value: "{}" });
    expect(await index.find("a")).toMatchObject({ state: "PENDING", tags: ["t"] });
  });

  it.skipIf(isMissing)("makes several gateways know the same tasks and workflows", async () => {
    const stateUrl = await place();
    const app = testApp();
    const one = await openGateway({ app, stateUrl });
    const other = await openGateway({ app, stateUrl });
    const { status, body } = await read(post(`${one.url}/v1/tasks`, { task: "examples.add" }));
    expect(status).toBe(202);
    const seen = await read(fetch(`${other.url}/v1/tasks/${String(body["id"])}`));
    expect(seen).toMatchObject({ status: 200, body: { state: "PENDING" } });
    expect((await read(fetch(`${other.url}/v1/tasks`))).body["tasks"]).toMatchObject([{ id: body["id"] }]);
    const chain = { chain: [{ task: "examples.add" }, { task: "examples.add" }] };
    const sent = await read(post(`${one.url}/v1/workflows`, chain));
    expect(sent.status).toBe(202);
    const workflow = await read(fetch(`${other.url}/v1/workflows/${String(sent.body["id"])}`));
    expect(workflow).toMatchObject({ status: 200, body: { id: sent.body["id"] } });
  });
});

describe("a gateway whose state is away", () => {
  it("says so with 503, and goes on when it is back", async () => {
    const server = await startRedis();
    const { url } = await openGateway({ stateUrl: server.url });
    const submit = (): ReturnType<typeof read> => read(post(`${url}/v1/tasks`, { task: "examples.add" }));
    expect((await submit()).status).toBe(202);
    await server.kill();
    const refused = await submit();
    expect(refused).toMatchObject({ status: 503, body: { type: "/problems/state-unavailable" } });
    expect(refused.headers.get("retry-after")).not.toBeNull();
    await server.restart();
    await expect.poll(async () => (await submit()).status, { timeout: 10_000 }).toBe(202);
  });

  it("is a problem of its own among stores that fail", () => {
    expect(toProblem(new StateError("secret place")).type).toBe("state-unavailable");
    expect(JSON.stringify(toProblem(new StateError("secret place")))).not.toContain("secret");
  });
});
