/** What a worker remembers across restarts (`--statedb`): revoked tasks and its logical clock. Celery keeps the same in a shelve. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { ConfigurationError, isPlainObject, toError } from "../../protocol/index.ts";
import type { Bootstep } from "../bootstep.ts";
import type { RevokedRecord } from "../revoked.ts";
import type { Worker } from "../worker.ts";

/** How often changes are written, in milliseconds; a crash loses no more. */
const SAVE_MS = 10_000;
const VERSION = 1;

export function stateFileStep(path: string): Bootstep {
  let timer: NodeJS.Timeout | undefined;
  let saved = "";
  let saving: Promise<void> = Promise.resolve();
  const save = (worker: Worker): Promise<void> => {
    const text = JSON.stringify({
      version: VERSION,
      revoked: worker.revoked.record(),
      clock: worker.clock.value,
    });
    if (text === saved) return saving;
    saved = text;
    saving = saving
      .then(() => write(path, text))
      .catch((error: unknown) => {
        worker.warn(`The state of the worker could not be written to ${path}`, error);
      });
    return saving;
  };
  return {
    name: "state file",
    async start(worker) {
      const record = await read(path);
      if (record !== undefined) {
        worker.revoked.restore(record.revoked);
        worker.clock.adjust(record.clock);
      }
      // Written once at once: a path that cannot be written must be known before it matters.
      await write(
        path,
        JSON.stringify({ version: VERSION, revoked: worker.revoked.record(), clock: worker.clock.value }),
      );
      timer = setInterval(() => void save(worker), SAVE_MS);
      timer.unref();
    },
    async stop(worker) {
      clearInterval(timer);
      await save(worker);
    },
  };
}

interface WorkerRecord {
  readonly revoked: RevokedRecord;
  readonly clock: unknown;
}

async function read(path: string): Promise<WorkerRecord | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(path, "utf8"));
    if (!isPlainObject(state) || state["version"] !== VERSION)
      throw new Error("it is not a state file of this version");
    return { revoked: readRevoked(state["revoked"]), clock: state["clock"] };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const problem = toError(error).message;
    throw new ConfigurationError(
      `The state file ${path} cannot be read: ${problem}. Move it away to start without it.`,
      {
        cause: error,
      },
    );
  }
}

function readRevoked(value: unknown): RevokedRecord {
  if (!isPlainObject(value) || !Array.isArray(value["ids"]) || !Array.isArray(value["stamps"])) {
    throw new Error('"revoked" must have the lists "ids" and "stamps"');
  }
  const ids = value["ids"].filter(
    (entry): entry is readonly [string, number] =>
      Array.isArray(entry) && typeof entry[0] === "string" && typeof entry[1] === "number",
  );
  const stamps = value["stamps"].filter(
    (entry): entry is readonly [string, readonly string[]] =>
      Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1]),
  );
  return { ids, stamps };
}

/** Whole or not at all. */
async function write(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    throw new ConfigurationError(`The state file ${path} cannot be written: ${toError(error).message}.`, {
      cause: error,
    });
  }
}
