/** Sends the runs that an entry has taken on: the steps 2 and 3 of seat.ts. */
import { CelerityError } from "../protocol/index.ts";
import type { BeatLogger } from "./beat-options.ts";
import type { Clock } from "./clock.ts";
import type { Sender } from "./fire.ts";
import { fireId } from "./fire-id.ts";
import type { Lease } from "./lease.ts";
import type { Slot } from "./slot.ts";

export interface SendPendingOptions {
  readonly lease: Lease;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly logger: BeatLogger;
  /** For task ids. */
  readonly lockName: string;
}

/** A run that the broker has not taken for so long is given up. */
const GIVE_UP_MS = 24 * 3_600_000;

/** Crosses out of the slot's state what was sent or given up, and says how many runs that are; the rest is tried again. */
export async function sendPending(slot: Slot, options: SendPendingOptions): Promise<number> {
  let done = 0;
  for (const dueAtMs of slot.state.pending) {
    if (!(await sendOrGiveUp(slot, dueAtMs, options))) break;
    done += 1;
  }
  if (done === 0) return 0;
  const pending = slot.state.pending.slice(done);
  slot.mayBeSent = slot.mayBeSent && pending.length > 0;
  slot.state = { ...slot.state, pending };
  return done;
}

/** False when it is to be tried again. */
async function sendOrGiveUp(slot: Slot, dueAtMs: number, options: SendPendingOptions): Promise<boolean> {
  const { clock, logger } = options;
  const { entry } = slot;
  try {
    const isSent = await sendRun(slot, dueAtMs, options);
    slot.failures = 0;
    return isSent;
  } catch (error) {
    const facts = { err: error, entry: entry.name };
    if (isTemporary(error) && clock.now() - dueAtMs <= GIVE_UP_MS) {
      slot.failures += 1;
      slot.mayBeSent = true;
      logger.error(facts, `"${entry.name}" (${entry.task}) could not be sent; it is tried again`);
      return false;
    }
    slot.failures = 0;
    logger.error(facts, `"${entry.name}" (${entry.task}) cannot be sent; this run is given up`);
    return true;
  }
}

/** False when it must not be sent: the seat may be another's. */
async function sendRun(slot: Slot, dueAtMs: number, options: SendPendingOptions): Promise<boolean> {
  const { sender, lease, logger, lockName } = options;
  const { name, task } = slot.entry;
  const id = fireId(lockName, name, dueAtMs);
  if (slot.mayBeSent && (await wasSent(id, options))) {
    logger.info({ entry: name, task, id }, `"${name}" (${task}) was sent before [${id}]`);
    return true;
  }
  const prepared = await sender.prepare(slot.entry, id);
  if (!lease.isOurs()) return false;
  await sender.publish(prepared);
  logger.info({ entry: name, task, id, dueAtMs }, `Sent due task "${name}" (${task}) [${id}]`);
  return true;
}

async function wasSent(id: string, { sender, logger }: SendPendingOptions): Promise<boolean> {
  try {
    return await sender.isKnown(id);
  } catch (error) {
    logger.debug({ err: error }, "The result store does not answer");
    return false;
  }
}

/** The broker may take it another time. */
function isTemporary(error: unknown): boolean {
  return error instanceof CelerityError && error.code.startsWith("broker_");
}
