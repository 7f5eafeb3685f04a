/** What commands answer, before it is written for a client: RESP2 and RESP3 spell the same answer differently. */
import { CelerityError, toError } from "../../../protocol/index.ts";

/**
 * | answer | RESP2 | RESP3 |
 * |---|---|---|
 * | Buffer, or a string of latin1 characters | bulk string | the same |
 * | number, bigint | integer | the same |
 * | null, {@link NO_LIST} | nil bulk string, nil array | null |
 * | list | array | the same |
 * | {@link Simple}, {@link Refusal} | simple string, error | the same |
 * | {@link Double} | bulk string | double |
 * | {@link Pairs} | flat array | map |
 * | {@link Scored} | flat array | array of pairs |
 * | {@link Members}, {@link Push} | array | set, push |
 * | {@link Verbatim} | bulk string | verbatim string |
 */
export type Reply =
  | Buffer
  | string
  | number
  | bigint
  | null
  | readonly Reply[]
  | Simple
  | Refusal
  | Double
  | Pairs
  | Scored
  | Members
  | Push
  | Verbatim
  | typeof NO_LIST
  | typeof NO_REPLY;

/** The nil array of RESP2. */
export const NO_LIST: unique symbol = Symbol("no list");
/** The command has written to the client itself, or stays silent. */
export const NO_REPLY: unique symbol = Symbol("no reply");

export class Simple {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const OK: Simple = new Simple("OK");
export const QUEUED: Simple = new Simple("QUEUED");

/** A command that fails: its message begins with the code, as in `WRONGTYPE Operation against ...`. */
export class Refusal extends CelerityError {
  constructor(message: string) {
    super("broker_refused", message);
  }
}

/** An error as an answer. What is no refusal is a fault of ours, which must not end the other clients' connections. */
export function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(`ERR internal error: ${toError(error).message}`);
}

export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export class Pairs {
  readonly entries: readonly (readonly [Reply, Reply])[];

  constructor(entries: readonly (readonly [Reply, Reply])[]) {
    this.entries = entries;
  }
}

/** Pairs of member and score (or field and value) that RESP3 nests, but does not make a map of. */
export class Scored {
  readonly entries: readonly (readonly [Reply, Reply])[];

  constructor(entries: readonly (readonly [Reply, Reply])[]) {
    this.entries = entries;
  }
}

export class Members {
  readonly items: readonly Reply[];

  constructor(items: readonly Reply[]) {
    this.items = items;
  }
}

/** What the server says unasked: messages and invalidations. */
export class Push {
  readonly items: readonly Reply[];

  constructor(items: readonly Reply[]) {
    this.items = items;
  }
}

export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
