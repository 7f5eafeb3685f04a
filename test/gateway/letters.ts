/** Dead letters for tests. */
import { type App, DEAD_LETTER_HEADERS } from "../../app/index.ts";
import { publishRaw } from "../helpers/worker.ts";

/** A letter as a worker of ours leaves it. */
export interface Letter {
  readonly code?: string;
  readonly task?: string;
  readonly id?: string;
  readonly at?: string;
  readonly queue?: string;
  readonly body?: Uint8Array;
  /** Whose dead letters it is among. Default: those of `queue`. */
  readonly place?: string;
}

/** Not in Python's spacing, and not in ours: bytes must stay as they are. */
export const BODY: Buffer = Buffer.from('[ [1,  9007199254740993, "é"], {"k":1.0}, {}]');

/** Puts a letter among the dead ones. */
export async function die(app: App, letter: Letter): Promise<void> {
  const {
    code = "not_registered",
    task = "t",
    id = "id-1",
    at = "2026-01-02T03:04:05Z",
    body = BODY,
  } = letter;
  const { queue = "celery", place = queue } = letter;
  await publishRaw(app, `${place}.dead`, {
    body,
    headers: {
      task,
      id,
      lang: "py",
      [DEAD_LETTER_HEADERS.code]: code,
      [DEAD_LETTER_HEADERS.reason]: "because",
      [DEAD_LETTER_HEADERS.queue]: queue,
      [DEAD_LETTER_HEADERS.worker]: "w1@shop",
      [DEAD_LETTER_HEADERS.at]: at,
    },
    properties: { correlationId: id, deliveryMode: 2, priority: 0 },
  });
}

export async function deadCount(app: App): Promise<number> {
  return (await app.connection()).queueSize("celery.dead");
}
