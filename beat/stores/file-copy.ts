/** What the files of schedules hold, as this process sees it: one call after the other, and one process at a time when it changes them. */
import { withFileLock } from "../file-lock.ts";
import {
  type KeptDefinition,
  NO_RUNS,
  readDefinitions,
  readRuns,
  stampOf,
  writeDefinitions,
  writeRuns,
} from "./file-format.ts";
import type { PastRuns } from "./schedule-store.ts";

/** The stamp of a file whose contents nobody knows. */
const UNKNOWN = "unknown";

export class FileCopy {
  readonly #path: string | undefined;
  readonly #runsPath: string;
  readonly #onWarning: (message: string, error?: unknown) => void;
  #kept = new Map<string, KeptDefinition>();
  #runs = new Map<string, PastRuns>();
  /** Changes that are not in the files. */
  #isEdited = false;
  #hasRun = false;
  #changes = 0;
  #seen = "";
  #runsSeen = "";
  /** Resolves when the caller before is done. */
  #last: Promise<unknown> = Promise.resolve();

  /** `path` undefined: there are no files. */
  constructor(path: string | undefined, onWarning: (message: string, error?: unknown) => void) {
    this.#path = path;
    this.#runsPath = `${path?.replace(/\.json$/, "")}.runs.json`;
    this.#onWarning = onWarning;
  }

  all(): readonly KeptDefinition[] {
    return [...this.#kept.values()];
  }

  get(name: string): KeptDefinition | undefined {
    return this.#kept.get(name);
  }

  set(name: string, kept: KeptDefinition): void {
    this.#kept.set(name, kept);
    this.#isEdited = true;
  }

  /** False when there was none. */
  delete(name: string): boolean {
    const existed = this.#kept.delete(name);
    if (existed) this.#isEdited = true;
    if (this.#runs.delete(name)) this.#hasRun = true;
    return existed;
  }

  runsOf(name: string): PastRuns {
    return this.#runs.get(name) ?? NO_RUNS;
  }

  setRuns(name: string, runs: PastRuns): void {
    this.#runs.set(name, runs);
    this.#hasRun = true;
  }

  /** Works on what the files hold now. */
  read<Result>(work: () => Result): Promise<Result> {
    return this.#inTurn(async () => {
      await this.#refresh();
      return work();
    });
  }

  /** The same, while no other process changes the files; what `work` changes is written. */
  change<Result>(work: () => Result): Promise<Result> {
    const changed = async (): Promise<Result> => {
      await this.#refresh();
      const result = work();
      await this.#save();
      return result;
    };
    const path = this.#path;
    return this.#inTurn(path === undefined ? changed : () => withFileLock(path, changed));
  }

  /** Something that is different after each change of the definitions. */
  version(): Promise<string> {
    return this.#path === undefined ? Promise.resolve(String(this.#changes)) : stampOf(this.#path);
  }

  async close(): Promise<void> {
    await this.#last;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #refresh(): Promise<void> {
    if (this.#path === undefined) return;
    const [seen, runsSeen] = [await stampOf(this.#path), await stampOf(this.#runsPath)];
    if (seen !== this.#seen) this.#kept = await readDefinitions(this.#path, this.#onWarning);
    if (runsSeen !== this.#runsSeen) this.#runs = await readRuns(this.#runsPath);
    this.#seen = seen;
    this.#runsSeen = runsSeen;
  }

  async #save(): Promise<void> {
    const [isEdited, hasRun] = [this.#isEdited, this.#hasRun];
    this.#isEdited = false;
    this.#hasRun = false;
    if (isEdited) this.#changes += 1;
    if (this.#path === undefined) return;
    // What cannot be written does not count: it is read again.
    if (isEdited) this.#seen = UNKNOWN;
    if (hasRun) this.#runsSeen = UNKNOWN;
    if (isEdited) await writeDefinitions(this.#path, this.#kept.values());
    if (hasRun) await writeRuns(this.#runsPath, this.#runs);
    if (isEdited) this.#seen = await stampOf(this.#path);
    if (hasRun) this.#runsSeen = await stampOf(this.#runsPath);
  }
}
