/** Builds and runs the programs of a client. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TestRunner } from "vitest";
import { endGroup, forgetGroup, keepGroup } from "../../conformance/ccp/process-group.ts";
import { missingPrograms } from "../../conformance/report/matrix/programs.ts";
import { temporaryFolder } from "../helpers/services.ts";
import type { Client, Command } from "./languages.ts";

const BUILD_MS = 400_000;
const RUN_MS = 120_000;
/** What build tools say of a machine without a network. */
const OFFLINE =
  /ENOTFOUND|EAI_AGAIN|Unknown host|Could not resolve host|Temporary failure in name resolution/i;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number;
}

/** Runs a program to its end, or ends it and all that it started. Rejects when it cannot be started. */
export async function runProgram([program, ...args]: Command, options: RunOptions): Promise<Ran> {
  const { cwd, env, timeoutMs = RUN_MS } = options;
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    keepGroup(child.pid);
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    const timer = setTimeout(() => endGroup(child.pid), timeoutMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      forgetGroup(child.pid);
      resolve({ code, ...output });
    });
  });
}

const builds = new Map<string, Promise<string | undefined>>();

/** Builds it once. Skips the running test when the toolchain is missing, loudly, and in CI fails it. */
export async function requireClient(client: Client): Promise<void> {
  const { needsFolder } = client;
  const missing = [...missingPrograms(client.needs, {})];
  if (needsFolder !== undefined && !existsSync(needsFolder)) missing.push(needsFolder);
  if (missing.length > 0)
    return leaveOut(`${client.title} needs ${missing.join(" and ")}: ${client.install}`);
  const building = builds.get(client.folder) ?? build(client);
  builds.set(client.folder, building);
  const trouble = await building;
  if (trouble !== undefined) leaveOut(trouble);
}

/** Resolves to what the machine lacks; rejects when the client does not build. */
async function build({ title, folder, build, env }: Client): Promise<string | undefined> {
  for (const command of build) {
    const { code, stdout, stderr } = await runProgram(command, { cwd: folder, env, timeoutMs: BUILD_MS });
    if (code === 0) continue;
    if (OFFLINE.test(stderr + stdout)) return `${title} needs a network to build: ${command.join(" ")}`;
    throw new Error(`${command.join(" ")} failed in ${folder}:\n${stdout}${stderr}`);
  }
  return undefined;
}

function leaveOut(message: string): never {
  if (!process.env["CI"]) {
    console.warn(`SKIPPED: ${message}`);
    TestRunner.getCurrentTest()?.context.skip(message);
  }
  throw new Error(message);
}

/** Writes the files of a program into a folder of its own, which goes with the test. */
export async function writeProgram(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    if (!existsSync(dirname(file))) await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return folder;
}
