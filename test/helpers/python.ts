import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cleanUp } from "../../testing/clean-up.ts";
import {
  type PythonApp,
  type PythonVersion,
  pythonEnvironment,
  pythonFolder,
  requirePython,
} from "./python-environment.ts";
import { GuardedProcess, makeFolder, removeFolder } from "./services-process.ts";

export { type PythonClient, PythonError, startPythonClient } from "./python-client.ts";
export { type PythonApp, type PythonVersion, pythonVersions } from "./python-environment.ts";

/** A running Python worker. It ends with the test, or the file, that started it. */
export interface PythonWorker {
  /** Its node name, `py-...@localhost`, for control messages. */
  readonly name: string;
  readonly pid: number;
  /** Everything it logged so far. */
  output(): string;
  /** Resolves once its log holds the pattern; rejects when it ends first. */
  waitForOutput(pattern: RegExp): Promise<void>;
  /** Warm shutdown: it finishes its tasks, within 15 s. Resolves once it is gone. */
  stop(): Promise<void>;
  /** kill -9 of the worker and its pool processes. */
  kill9(): Promise<void>;
}

/** How to start a Python worker. */
export interface PythonWorkerOptions extends PythonApp {
  /** The module of the app. Default: tasks_app. */
  readonly app?: string;
  /** More of its command line. */
  readonly args?: readonly string[];
  /** Whether it looks for other workers (mingle and gossip), which takes 1 s of its start. Default: false. */
  readonly isSociable?: boolean;
}

/** Starts `celery worker` with two pool processes; resolves once it is ready. */
export async function startPythonWorker(options: PythonWorkerOptions): Promise<PythonWorker> {
  const command = requirePython(options.version);
  const folder = await makeFolder("python");
  const name = `py-${randomUUID().slice(0, 8)}@localhost`;
  const args = ["-m", "celery", "-A", options.app ?? "tasks_app", "worker", "--loglevel", "INFO"];
  args.push("--concurrency", "2", "--hostname", name);
  if (!options.isSociable) args.push("--without-mingle", "--without-gossip");
  const worker = new GuardedProcess({
    command,
    args: [...args, ...(options.args ?? [])],
    folder,
    stopSignal: "SIGTERM",
    cwd: pythonFolder,
    env: pythonEnvironment(options),
  });
  cleanUp(async () => {
    await worker.stop();
    await removeFolder(folder);
  });
  await worker.waitForOutput(/ ready\./);
  return {
    name,
    pid: worker.pid,
    output: () => worker.output(),
    waitForOutput: (pattern) => worker.waitForOutput(pattern),
    stop: () => worker.stop(),
    kill9: () => worker.kill(),
  };
}

/** A Python program to run: its source, or the path of its file. */
export type PythonProgram = { readonly version: PythonVersion } & (
  | { readonly code: string }
  | { readonly file: string }
) & {
    readonly env?: Readonly<Record<string, string>>;
    /** Reaches its standard input as JSON. Default: null. */
    readonly input?: unknown;
  };

/** Runs a program; resolves to its standard output parsed as JSON, rejects with its standard error when it fails. */
export async function python(program: PythonProgram): Promise<unknown> {
  const command = requirePython(program.version);
  const args = "code" in program ? ["-c", program.code] : [program.file];
  const env = { ...pythonEnvironment(), ...program.env };
  return await new Promise((resolve, reject) => {
    const options = { env, cwd: pythonFolder, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`Python failed: ${stderr || error.message}`));
      else resolve(JSON.parse(stdout));
    });
    // One that ends without reading its input is no error: its exit code and its output tell.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(JSON.stringify(program.input ?? null));
  });
}
