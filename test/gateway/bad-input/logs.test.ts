/** What logs may hold: no credentials, and one line each, whatever strangers send. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, vi } from "vitest";
import { completionTokens } from "../../../app/index.ts";
import { temporaryFolder } from "../../helpers/services.ts";
import { openGateway, post } from "../place.ts";
import { COMPLETION_SECRET } from "./everything.ts";
import { NASTY } from "./nasty.ts";

async function openLogged() {
  const written: string[] = [];
  const auditLog = join(await temporaryFolder(), "audit.jsonl");
  const place = await openGateway({
    auditLog,
    accessLog: true,
    logger: pino({ level: "debug" }, { write: (line: string) => void written.push(line) }),
    settings: { httpTasksCompletionSecret: COMPLETION_SECRET },
  });
  const close = async (): Promise<string> => {
    await place.gateway.close();
    return readFileSync(auditLog, "utf8");
  };
  return { ...place, written, close };
}

it("the token of a completion URL is in no log, whatever becomes of the request", async () => {
  const { url, written, close } = await openLogged();
  const token = completionTokens(COMPLETION_SECRET).of("t");
  const target = `${url}/v1/tasks/t/complete/${token}`;
  const statuses: number[] = [];
  for (const send of [
    () => post(target, { nothing: 1 }),
    () => post(target, "{"),
    () => post(target, { result: 1 }),
    () => post(target, { result: 2 }),
    () => fetch(target),
    () => post(`${target}/`, {}),
    () => post(`${target}x`, {}),
    () => post(`${url}/v1/tasks/%zz/complete/${token}`, {}),
    () => post(`${url}/v2/tasks/t/complete/${token}?x=1`, {}),
  ])
    statuses.push((await send()).status);
  expect(statuses).toEqual([422, 400, 204, 409, 405, 404, 404, 400, 404]);
  await vi.waitFor(() => expect(written.filter((line) => line.includes('"ms":'))).toHaveLength(9), 20_000);
  const audit = await close();
  expect(audit.split("\n").filter((line) => line.includes('"action":"completeTask"'))).toHaveLength(5);
  const all = written.join("") + audit;
  expect(all).toContain("/v1/tasks/t/complete/***");
  expect(all).not.toContain(token.slice(0, 12));
});

it("a line of a log is one line, whatever is in names and bodies", async () => {
  const { url, written, close } = await openLogged();
  for (const text of NASTY) {
    await (await post(`${url}/v1/call/${encodeURIComponent(text)}`, { x: text })).text();
    await (await post(`${url}/v1/tasks`, { task: text, queue: text, tags: [text] })).text();
  }
  const audit = await close();
  for (const line of written) {
    expect(line.indexOf("\n")).toBe(line.length - 1);
    // Terminals obey nothing that is in it.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(line).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  }
  const lines = audit.trimEnd().split("\n");
  // fetch() takes . and .. for steps of the path, and asks for what is no route.
  expect(lines).toHaveLength(NASTY.length * 2 - 2);
  for (const line of lines) expect(JSON.parse(line)).toBeTypeOf("object");
});
