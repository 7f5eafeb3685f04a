/**
 * What became of every task, kept outside of the broker: here what it has accepted, and in a file what each task itself
 * notes at its start and its end. The words: docs/reliability.md.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export type NoteKind = "start" | "end";

/** One line of the ledger. */
export interface Note {
  readonly kind: NoteKind;
  readonly id: string;
  /** The process, or thread, that wrote it: `4711`, `4711/2`. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** Notes something; one write each, so that the lines of several processes do not mix. */
export function note(file: string, kind: NoteKind, id: string, by: string): void {
  appendFileSync(file, `${kind} ${id} ${by} ${Date.now()}\n`);
}

export class Ledger {
  readonly file: string;
  /** Ids of the tasks that the broker has taken responsibility for. */
  readonly accepted: Set<string> = new Set();

  constructor(file: string) {
    this.file = file;
  }

  /** All notes so far, or those of one kind, in the order of their writing. */
  notes(kind?: NoteKind): Note[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, "utf8").split("\n").slice(0, -1);
    const notes = lines.map((line) => {
      const [word, id = "", by = "", atMs] = line.split(" ");
      return { kind: word as NoteKind, id, by, atMs: Number(atMs) }; // Written by note().
    });
    return kind === undefined ? notes : notes.filter((one) => one.kind === kind);
  }

  /** Ids with at least one note of a kind. */
  ids(kind: NoteKind): Set<string> {
    return new Set(this.notes(kind).map(({ id }) => id));
  }

  /** How many notes of a kind there are beyond the first of each id. */
  repeated(kind: NoteKind): number {
    const notes = this.notes(kind);
    return notes.length - new Set(notes.map(({ id }) => id)).size;
  }

  /** How many of these tasks have not started just so many times. */
  startedOtherThan(times: number, ids: readonly string[]): number {
    const starts = this.notes("start");
    return ids.filter((id) => starts.filter((start) => start.id === id).length !== times).length;
  }

  /**
   * For each task that these processes had started and not ended by `atMs`: its next start elsewhere, at Infinity when
   * there is none.
   */
  restarts(pids: readonly number[], atMs: number): Pick<Note, "by" | "atMs">[] {
    const dead = new Set(pids.map(String));
    const isTheirs = ({ by }: Note): boolean => dead.has(by.split("/")[0] ?? "");
    const notes = this.notes();
    const before = notes.filter((one) => one.atMs <= atMs && isTheirs(one));
    const ended = new Set(before.filter(({ kind }) => kind === "end").map(({ id }) => id));
    const orphans = new Set(
      before.filter(({ kind, id }) => kind === "start" && !ended.has(id)).map(({ id }) => id),
    );
    const later = notes.filter((one) => one.kind === "start" && one.atMs >= atMs && !isTheirs(one));
    return [...orphans].map(
      (orphan) => later.find(({ id }) => id === orphan) ?? { by: "", atMs: Number.POSITIVE_INFINITY },
    );
  }
}
