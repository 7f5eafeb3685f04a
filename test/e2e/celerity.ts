/** The command line program as users have it: the built one, in a process of its own. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cleanUp } from "../../testing/clean-up.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The compiled command line program. */
export const program: string = `${root}dist/cli/main.js`;

/** The compiled tasks.ts, for `-A`: its app is configured by the environment. */
export const taskModule: string = `${root}dist/test/e2e/task-app.js`;

/** Starts `celerity` with arguments, in an empty folder; it ends with the test or file that started it. */
export async function startCelerity(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<GuardedProcess> {
  if (!existsSync(program)) throw new Error("There is no dist/cli/main.js: run `npm run build` first.");
  const ours = Object.entries(process.env).filter(([name]) => !/^(CELERY|CELERITY)_/.test(name));
  const started = new GuardedProcess({
    command: process.execPath,
    args: [program, ...args],
    folder: await temporaryFolder(),
    stopSignal: "SIGTERM",
    env: { ...Object.fromEntries(ours), ...env },
  });
  cleanUp(() => started.stop());
  return started;
}
