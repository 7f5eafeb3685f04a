/** docs/callbacks.md: its program and its commands do what they print, and it names every option. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { callbackOptions } from "../../cli/callback-options.ts";
import { DEFAULT_WEBHOOK_SETTINGS, EVENT_TYPES } from "../../gateway/index.ts";
import { pageText, runCommented } from "../helpers/documentation.ts";
import { openGateway } from "./place.ts";

const shell = promisify(execFile);
const COMMAND = /```sh\n(curl [\s\S]*?)```\n\n```json\n([\s\S]*?)```/g;
const page = pageText("callbacks.md");

test("the program prints what the page says", { timeout: 60_000 }, async () => {
  expect(await runCommented("callbacks.md")).toBe(1);
});

test("the commands answer what the page says", async () => {
  const { url } = await openGateway();
  const commands = [...page.matchAll(COMMAND)];
  expect(commands).toHaveLength(4);
  for (const [, command = "", expected = ""] of commands) {
    const { stdout } = await shell("/bin/sh", ["-c", command.replaceAll("http://127.0.0.1:8420", url)]);
    expect(JSON.parse(stdout), command).toMatchObject(JSON.parse(expected) as object);
  }
});

test("the page names every option, event and flag", () => {
  const names = [
    ...Object.keys(DEFAULT_WEBHOOK_SETTINGS),
    "secrets",
    "signingKey",
    "publicUrl",
    "keepAnswers",
  ];
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  expect(Object.values(EVENT_TYPES).filter((type) => !page.includes(`\`${type}\``))).toEqual([]);
  for (const flag of ["--webhook-secret", "--webhook-key", "--public-url", "--egress-allow"])
    expect(page).toContain(flag);
});

test("the flag of addresses takes networks, hosts and ports", () => {
  expect(callbackOptions({ egressAllow: "10.1.0.0/16, hooks.internal,*.svc,8080,fd00::/8" }).egress).toEqual({
    allowCidrs: ["10.1.0.0/16", "fd00::/8"],
    allowHosts: ["hooks.internal", "*.svc"],
    allowPorts: [8080],
  });
});
