/** Entries and senders for the tests of the loop. */
import type { BeatEntry } from "../../beat/entry.ts";
import type { EntrySource } from "../../beat/entry-source.ts";
import type { Sender } from "../../beat/fire.ts";
import { schedule } from "../../beat/schedules/index.ts";
import type { RecordedRuns } from "../../beat/stores/schedule-store.ts";
import { BrokerError } from "../../protocol/index.ts";

/** An entry that is due every 10 s. */
export function entry(changes: Partial<BeatEntry> = {}): BeatEntry {
  return {
    name: "tick",
    task: "tasks.tick",
    schedule: schedule(10),
    args: [],
    kwargs: {},
    options: {},
    catchUp: "one",
    oneOff: false,
    startAtMs: undefined,
    expiresAtMs: undefined,
    isStored: false,
    sinceMs: undefined,
    runCount: 0,
    ...changes,
  };
}

/** Entries that a test may change. */
export class FakeSource implements EntrySource {
  readonly mayChange: boolean = true;
  readonly recorded: RecordedRuns[] = [];
  readonly disabled: string[] = [];
  entries: readonly BeatEntry[];
  #loaded: readonly BeatEntry[] | undefined;

  constructor(entries: readonly BeatEntry[]) {
    this.entries = entries;
  }

  async install(): Promise<void> {}

  async load(): Promise<readonly BeatEntry[]> {
    this.#loaded = this.entries;
    return this.entries;
  }

  async hasChanged(): Promise<boolean> {
    return this.#loaded !== this.entries;
  }

  async recordRuns(runs: readonly RecordedRuns[]): Promise<void> {
    this.recorded.push(...runs);
  }

  async disable({ name }: BeatEntry): Promise<void> {
    this.disabled.push(name);
    this.entries = this.entries.filter((one) => one.name !== name);
  }
}

/** Keeps what it is told to send. */
export class FakeSender implements Sender {
  readonly sent: { readonly name: string; readonly id: string }[] = [];
  /** Ids that the result store knows. */
  readonly known: Set<string> = new Set();
  /** How the broker fails; undefined when it does not. */
  failure: Error | undefined;
  /** Entries whose message cannot be made. */
  readonly broken: Set<string> = new Set();
  readonly #names = new Map<string, string>();

  get names(): string[] {
    return this.sent.map(({ name }) => name);
  }

  async prepare({ name }: BeatEntry, taskId: string): Promise<Awaited<ReturnType<Sender["prepare"]>>> {
    if (this.broken.has(name)) throw new TypeError("It has no representation.");
    this.#names.set(taskId, name);
    // Only the id counts here.
    return { id: taskId } as Awaited<ReturnType<Sender["prepare"]>>;
  }

  async publish({ id }: { readonly id: string }): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.sent.push({ name: this.#names.get(id) ?? "", id });
  }

  async close(): Promise<void> {}

  async isKnown(taskId: string): Promise<boolean> {
    return this.known.has(taskId);
  }
}

export const UNAVAILABLE: BrokerError = new BrokerError("broker_unavailable", "No broker.");
