/** What the server knows of one client. */
import type { Arguments } from "./commands/arguments.ts";
import type { Command } from "./commands/command.ts";
import type { Database } from "./data/database.ts";
import type { Reply } from "./resp/replies.ts";
import type { ProtocolVersion } from "./resp/write.ts";
import type { TrackingMode } from "./tracking.ts";

/** Commands between MULTI and EXEC. */
export interface Transaction {
  readonly commands: { readonly command: Command; readonly args: Arguments }[];
  /** What the commands take. */
  bytes: number;
  /** A command was refused before it was queued: EXEC will do nothing. */
  isBroken: boolean;
}

export interface SessionOptions {
  readonly id: number;
  readonly address: string;
  readonly database: Database;
  /** Writes to the client, between the replies to its commands too. */
  readonly send: (reply: Reply) => void;
  /** Ends the connection, after what was written. */
  readonly end: () => void;
}

export class Session {
  readonly id: number;
  readonly address: string;
  readonly openedAtMs: number = Date.now();
  readonly send: (reply: Reply) => void;
  readonly end: () => void;
  name = "";
  library = "";
  libraryVersion = "";
  database: Database;
  protocol: ProtocolVersion = 2;
  transaction: Transaction | undefined;
  /** Keys of WATCH, by database and name. */
  readonly watched: Map<string, { readonly database: Database; readonly key: string }> = new Map();
  /** Its command waits for a key. */
  isBlocked = false;
  /** A watched key has changed. */
  isWatchBroken = false;
  readonly channels: Set<string> = new Set();
  readonly patterns: Set<string> = new Set();
  tracking: TrackingMode | undefined;
  /** CLIENT REPLY: what is silent, and whether the command after the next one is heard again. */
  silence: "none" | "all" | "next" | "this" = "none";

  constructor({ id, address, database, send, end }: SessionOptions) {
    this.id = id;
    this.address = address;
    this.database = database;
    this.send = send;
    this.end = end;
  }

  /** Channels and patterns. */
  get subscriptions(): number {
    return this.channels.size + this.patterns.size;
  }
}
