/** The server without its socket: databases, clients, and how a command runs. */
import type { Arguments } from "./commands/arguments.ts";
import { type Command, type CommandTable, keysOf } from "./commands/command.ts";
import { COMMANDS, findCommand, UnknownCommand } from "./commands/index.ts";
import { Database } from "./data/database.ts";
import { CommandLog, type LogLimits } from "./log.ts";
import { PubSub } from "./pubsub.ts";
import { QUEUED, Refusal, type Reply, refusalOf } from "./resp/replies.ts";
import { Scripts } from "./scripts.ts";
import type { Session, Transaction } from "./session.ts";
import { Tracking } from "./tracking.ts";
import { type Blocked, Waiters } from "./waiters.ts";

const DATABASES = 16;
/** Names of unknown commands that are remembered. */
const MAX_UNKNOWN = 100;
/** Keys that one look at what has expired may visit. */
const MAX_SWEPT = 10_000;

export interface RecordingOptions {
  /** Memory for all keys and values, about. */
  readonly maxBytes: number;
  readonly log: LogLimits;
}

export class Recording {
  readonly startedAtMs: number = Date.now();
  readonly sessions: Map<number, Session> = new Map();
  readonly pubsub: PubSub = new PubSub();
  readonly waiters: Waiters = new Waiters();
  readonly tracking: Tracking = new Tracking(this.sessions);
  readonly scripts: Scripts;
  readonly commands: CommandTable = COMMANDS;
  readonly log: CommandLog;
  /** Commands that are not known here, and how often they came. */
  readonly unknown: Map<string, number> = new Map();
  readonly #options: RecordingOptions;
  readonly #databases: readonly Database[];
  readonly #watchers = new Map<string, Set<Session>>();
  usedBytes = 0;
  commandCount = 0;
  /** Whose command runs. */
  #current: Session | undefined;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.log = new CommandLog(options.log);
    this.scripts = new Scripts(this);
    this.#databases = Array.from({ length: DATABASES }, (_, index) => this.#makeDatabase(index));
  }

  #makeDatabase(index: number): Database {
    return new Database({
      index,
      onBytes: (difference) => {
        this.usedBytes += difference;
      },
      onChanged: (database, key) => {
        for (const session of this.#watchers.get(watchName(database, key)) ?? [])
          session.isWatchBroken = true;
        this.tracking.onChanged(key, this.#current);
        this.waiters.onChanged(database, key);
      },
    });
  }

  get databases(): readonly Database[] {
    return this.#databases;
  }

  /** Throws Refusal for a number that there is not. */
  database(index: number): Database {
    const database = this.#databases[index];
    if (database === undefined) throw new Refusal("ERR DB index is out of range");
    return database;
  }

  /** Runs a command of a client and returns its answer; {@link settle} must follow. */
  execute(session: Session, words: readonly Buffer[]): Reply | Blocked {
    this.commandCount += 1;
    this.#current = session;
    const reply = this.#attempt(session, words);
    this.#current = undefined;
    const { id, name, library, libraryVersion } = session;
    this.log.add({
      atMs: Date.now(),
      client: { id, name, library, libraryVersion },
      command: words,
      error: reply instanceof Refusal ? reply.message : undefined,
    });
    return reply;
  }

  #attempt(session: Session, words: readonly Buffer[]): Reply | Blocked {
    try {
      const { command, args } = this.#admit(session, words);
      const { transaction } = session;
      if (transaction !== undefined && !command.flags.includes("immediate")) {
        transaction.commands.push({ command, args });
        return QUEUED;
      }
      const reply = this.run(session, command, args, false);
      // What CLIENT CACHING said holds for one command.
      if (session.tracking !== undefined && command !== COMMANDS["client|caching"])
        session.tracking.caching = undefined;
      return reply;
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** Finds the command and checks whether it may run now. Throws Refusal. */
  #admit(
    session: Session,
    words: readonly Buffer[],
  ): { readonly command: Command; readonly args: Arguments } {
    try {
      const { command, args, name } = findCommand(words);
      if (session.protocol === 2 && session.subscriptions > 0 && !command.flags.includes("subscribed")) {
        throw new Refusal(
          `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
        );
      }
      this.requireMemory(command, args);
      if (session.transaction !== undefined) this.#requireRoom(session.transaction, args);
      return { command, args };
    } catch (error) {
      if (error instanceof UnknownCommand) this.#noteUnknown(error.command);
      if (session.transaction !== undefined) session.transaction.isBroken = true;
      throw error;
    }
  }

  #noteUnknown(name: string): void {
    if (this.unknown.has(name) || this.unknown.size < MAX_UNKNOWN)
      this.unknown.set(name, (this.unknown.get(name) ?? 0) + 1);
  }

  /** Throws OOM when a transaction holds too much. */
  #requireRoom(transaction: Transaction, args: Arguments): void {
    transaction.bytes += args.memory;
    if (transaction.bytes > this.#options.maxBytes)
      throw new Refusal("OOM the transaction is larger than 'maxmemory'.");
  }

  /** Throws OOM when a command that grows comes while memory is used up. */
  requireMemory(command: Command, args: Arguments): void {
    if (!command.flags.includes("grows")) return;
    if (this.usedBytes + args.memory > this.#options.maxBytes)
      throw new Refusal("OOM command not allowed when used memory > 'maxmemory'.");
  }

  /** Runs a command, alone or in a script or transaction. Throws Refusal. */
  run(session: Session, command: Command, args: Arguments, isNested: boolean): Reply | Blocked {
    const { database } = session;
    const reply = command.run({ server: this, session, database, isNested }, args);
    if (session.tracking !== undefined && command.flags.includes("read"))
      this.tracking.onRead(session, keysOf(command, args));
    return reply;
  }

  /** Tells everybody what the last command means for them: who waits for a key, who tracks it. */
  settle(): void {
    this.waiters.serve();
    this.tracking.tell();
  }

  watch(session: Session, key: string): void {
    const { database } = session;
    const name = watchName(database, key);
    // What has expired and is still there would look changed later.
    database.get(key);
    session.watched.set(name, { database, key });
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(session));
  }

  unwatch(session: Session): void {
    for (const name of session.watched.keys()) {
      const watchers = this.#watchers.get(name);
      watchers?.delete(session);
      if (watchers?.size === 0) this.#watchers.delete(name);
    }
    session.watched.clear();
    session.isWatchBroken = false;
  }

  /** Forgets a client that is gone. */
  leave(session: Session): void {
    this.sessions.delete(session.id);
    this.unwatch(session);
    this.pubsub.leave(session);
    this.tracking.set(session, undefined);
  }

  /** Removes what has expired and nobody asks for. */
  sweep(): void {
    for (const database of this.#databases) {
      let visited = 0;
      for (const key of database.mortalKeys) {
        if (visited === MAX_SWEPT) break;
        visited += 1;
        database.get(key);
      }
    }
    this.settle();
  }
}

function watchName(database: Database, key: string): string {
  return `${database.index}:${key}`;
}
