/** Runs what a page shows of terminals: programs to start, a line each in `sh` blocks, and commands in `console` blocks. */
import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { cleanUp } from "../../testing/clean-up.ts";
import { commandsOf } from "../helpers/documentation.ts";
import { pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { amqpUrl, freePorts, redisUrl, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";
import { program } from "./celerity.ts";
import { POLL } from "./matrix-cell.ts";

const BLOCK = /```(sh|console)\n([\s\S]*?)```/g;
const EXPORT = /^export (\w+)=(.+)$/gm;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** What a worker or a web page prints when it can be used. */
const READY = / ready\.|Running on http|Listening on http/;
const PORTS = ["3000", "5000"];
/** What may be something else here. */
const SHOWN = new RegExp(`(?:redis|amqp)://\\S+|${UUID.source}|\\b(?:${PORTS.join("|")})\\b`, "g");

export interface TerminalOptions {
  readonly cwd: string;
  /** Packages of Python beside Celery's. */
  readonly pythonPath: string;
  /** A page whose `export` lines say where servers are; here they are elsewhere. */
  readonly settings: string;
}

export interface Terminal {
  /** Runs the blocks of a page; resolves to how many commands printed what the page says. */
  run(page: string): Promise<number>;
}

/** What it starts ends with the running test. */
export async function openTerminal({ cwd, pythonPath, settings }: TerminalOptions): Promise<Terminal> {
  const here = await stageOf(settings);
  const env = {
    ...pythonEnvironment(),
    ...Object.fromEntries(
      [...settings.matchAll(EXPORT)].map(([, name, value = ""]) => [name, here.said(value)]),
    ),
    PYTHONPATH: pythonPath,
    PATH: `${await programs()}:${process.env["PATH"]}`,
  };

  async function start(line: string): Promise<void> {
    const started = new GuardedProcess({
      command: "/bin/sh",
      args: ["-c", `exec env ${here.said(line)}`],
      folder: await temporaryFolder(),
      stopSignal: "SIGTERM",
      cwd,
      env,
    });
    cleanUp(() => started.stop());
    await started.waitForOutput(READY);
  }

  const printed = (command: string): Promise<string> =>
    new Promise((resolve) => {
      execFile("/bin/sh", ["-c", here.said(command)], { cwd, env }, (_, stdout, stderr) =>
        resolve(`${stdout}${stderr}`),
      );
    });

  async function expectPrinted(command: string, output: string): Promise<void> {
    let last = "";
    const again = async (): Promise<string> => {
      last = await printed(command);
      return masked(last);
    };
    await expect.poll(again, { ...POLL, message: command }).toBe(masked(here.said(output)));
    here.learn(output, last);
  }

  return {
    async run(page) {
      let count = 0;
      for (const [, kind, text = ""] of page.matchAll(BLOCK)) {
        const lines = text.trim().split("\n");
        if (kind === "sh") await Promise.all(lines.filter((line) => !/^export /.test(line)).map(start));
        else
          for (const { command, output } of commandsOf(text)) {
            await expectPrinted(command, output);
            count += 1;
          }
      }
      return count;
    },
  };
}

interface Stage {
  /** A text of the page as it is here. */
  said(text: string): string;
  /** Ids that the page shows, and those that were printed in their places. */
  learn(shown: string, printed: string): void;
}

/** What is different here: where servers are, which ports are free, and ids. */
async function stageOf(settings: string): Promise<Stage> {
  const first = await freePorts(PORTS.length);
  const known = new Map(PORTS.map((port, at) => [port, String(first + at)]));
  for (const [, , url = ""] of settings.matchAll(EXPORT)) {
    known.set(url, await (url.startsWith("amqp") ? amqpUrl() : redisUrl()));
  }
  return {
    said: (text) => text.replaceAll(SHOWN, (shown) => known.get(shown) ?? shown),
    learn(shown, printed) {
      const real = printed.match(UUID) ?? [];
      for (const [at, id] of (shown.match(UUID) ?? []).entries()) known.set(id, real[at] ?? id);
    },
  };
}

/** A folder with the programs of the page, for PATH. */
async function programs(): Promise<string> {
  const folder = await temporaryFolder();
  const python = `exec "${requirePython("latest")}"`;
  const lines: Readonly<Record<string, string>> = {
    python: `${python} "$@"`,
    celery: `${python} -m celery "$@"`,
    flask: `${python} -m flask "$@"`,
    node: `exec "${process.execPath}" "$@"`,
    npx: `test "$1" = celerity && shift && exec "${process.execPath}" "${program}" "$@"`,
  };
  for (const [name, line] of Object.entries(lines)) {
    await writeFile(`${folder}/${name}`, `#!/bin/sh\n${line}\n`);
    await chmod(`${folder}/${name}`, 0o755);
  }
  return folder;
}

function masked(text: string): string {
  return text.replaceAll(UUID, "ID");
}
