/** The audit log: who changed what. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuditRecord, GatewayLogger } from "../../gateway/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { OPERATOR, openAccess, posted } from "./access-place.ts";
import { openGateway, post, read } from "./place.ts";

function lines(file: string): AuditRecord[] {
  const text = readFileSync(file, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditRecord);
}

describe("the audit log", () => {
  it("has a record of every change, done or refused, and none of what only reads", async () => {
    const auditLog = join(await temporaryFolder(), "audit.jsonl");
    const { as, key, url, gateway } = await openAccess({ auditLog, revoke: async () => undefined });
    const text = await key({ ...OPERATOR, tenant: "acme" });
    const [, id = ""] = text.split("_");
    const made = await read(as(text, "/v1/tasks", posted({ task: "t", args: ["s3cret"] })));
    const task = String(made.body["id"]);
    await as(text, `/v1/tasks/${task}`);
    await as(text, `/v1/tasks/${task}`, { method: "DELETE" });
    await as(text, "/v1/tasks", posted({ task: "a b" }));
    await post(`${url}/v1/tasks`, { task: "t" });
    const created = await read(as(text, "/v1/api-keys", posted({ name: "x" })));
    await as(text, `/v1/api-keys/${String(created.body["id"])}`, { method: "DELETE" });
    await as(text, "/v1/workflows", posted({ chain: [{ task: "a" }, { task: "b" }] }));
    await gateway.close();
    const records = lines(auditLog);
    expect(records.map(({ action, outcome }) => [action, outcome])).toEqual([
      ["submitTask", "done"],
      ["deleteTask", "done"],
      ["submitTask", "bad-task-name"],
      ["submitTask", "unauthenticated"],
      ["createApiKey", "done"],
      ["revokeApiKey", "done"],
      ["submitWorkflow", "done"],
    ]);
    expect(records[0]).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      request: made.headers.get("x-request-id"),
      caller: id,
      tenant: "acme",
      address: "127.0.0.1",
      action: "submitTask",
      sent: [{ id: task, task: "t" }],
      outcome: "done",
    });
    expect(records[1]?.target).toEqual({ id: task });
    expect(records[3]?.caller).toBe("anonymous");
    expect(records[5]?.target).toEqual({ key: created.body["id"] });
    expect(records[6]?.sent?.map((sent) => sent.task)).toEqual(["a", "b"]);
    const all = readFileSync(auditLog, "utf8");
    for (const secret of ["s3cret", text, String(created.body["key"])]) expect(all).not.toContain(secret);
    expect(statSync(auditLog).mode & 0o777).toBe(0o600);
  });

  it("is one line a record, whatever a caller puts into it", async () => {
    const folder = await temporaryFolder();
    const auditLog = join(folder, "audit.jsonl");
    const { url, gateway } = await openGateway({ auditLog, schedules: join(folder, "schedule") });
    const evil = '\n{"caller":"root"}\r\u001b[2J\u2028\u0085\u202e" ';
    await fetch(`${url}/v1/schedules/${encodeURIComponent(evil)}`, { method: "DELETE" });
    await fetch(`${url}/v1/schedules/${"x".repeat(5000)}`, { method: "DELETE" });
    await gateway.close();
    const text = readFileSync(auditLog, "utf8");
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const [first, second, ...others] = lines(auditLog);
    expect(others).toEqual([]);
    expect(first?.target).toEqual({ name: evil });
    expect(second?.target?.["name"]).toHaveLength(255);
  });

  it("goes to the log as facts, and goes on there when the file cannot be written", async () => {
    const told: (readonly [object, string])[] = [];
    const note = (facts: object, message: string): void => void told.push([facts, message]);
    const logger: GatewayLogger = { debug: () => undefined, info: note, warn: note, error: note };
    const { as, key } = await openAccess({
      logger,
      auditLog: join(await temporaryFolder(), "no", "audit.jsonl"),
    });
    const text = await key();
    for (let at = 0; at < 2; at += 1)
      expect((await as(text, "/v1/tasks", posted({ task: "t" }))).status).toBe(202);
    const audits = told.filter(([facts]) => "audit" in facts);
    expect(audits).toHaveLength(2);
    expect(audits[0]?.[0]).toMatchObject({ audit: { action: "submitTask", outcome: "done" } });
    expect(told.filter(([, message]) => message.includes("cannot be written"))).toHaveLength(1);
  });
});
