/** Where things are. The benches only run compiled: nobody runs anything else. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Program } from "./bench.ts";

/** The repository's root, seen from dist/bench/lib. */
export const root: string = resolve(import.meta.dirname, "../../..");

/** The environment that `npm test` and `npm run bench` make. */
const python: string = join(root, ".venv/celery-latest/bin/python");

/** Packages that only benches need (bench/requirements.txt); undefined where they could not be installed. */
const benchPackages: string = join(root, ".venv/bench-packages");
export const geventPath: string | undefined = existsSync(join(benchPackages, "gevent"))
  ? benchPackages
  : undefined;

export function hasPython(): boolean {
  return existsSync(python);
}

/** Command and arguments of a program; `nodeFlags` are for Node itself. */
export function commandOf(
  { runtime, file, args }: Program,
  nodeFlags: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (runtime === "python") return { command: python, args: [join(root, `${file}.py`), ...args] };
  return { command: process.execPath, args: [...nodeFlags, join(root, "dist", `${file}.js`), ...args] };
}

/** `celerity worker` or `celery worker` with the tasks of bench/worker-pools. */
export function workerCommand(
  runtime: Program["runtime"],
  options: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (runtime === "python") {
    const app = ["--workdir", join(root, "bench/worker-pools"), "--app", "tasks"];
    return { command: python, args: ["-m", "celery", ...app, "worker", ...options] };
  }
  const app = ["--app", join(root, "dist/bench/worker-pools/tasks.js")];
  return { command: process.execPath, args: [join(root, "dist/cli/main.js"), "worker", ...app, ...options] };
}
