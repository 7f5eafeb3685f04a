/**
 * Sealed headers at the worker's door: nothing of a message is parsed before its seal is verified and its nonce is noted.
 * While the store of nonces cannot be reached, messages wait here. Rules: docs/sealed-headers.md.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../app/index.ts";
import type { Awaitable } from "../codecs/index.ts";
import { BackendError, DecodeError, type WireMessage } from "../protocol/index.ts";
import { type NonceClaim, type NonceState, SEAL_HEADER } from "../signing/seal/index.ts";
import { createBatcher } from "../transports/batcher.ts";
import type { Delivery } from "../transports/index.ts";
import { createUnsealedWarnings } from "./unsealed-warnings.ts";

export interface SealCheckOptions {
  readonly app: App;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export interface SealCheck {
  /** Rejects with DecodeError for a message to refuse, and with {@link WorkerStopping} for one to give back. */
  check(delivery: Delivery): Awaitable<void>;
  /** The same for a remote control command, which does not wait: BackendError when its nonce cannot be noted. */
  checkControl(delivery: Delivery): Promise<void>;
  /** The message was acknowledged or rejected for good: its nonce is used. */
  settled(delivery: Delivery): void;
  /** The message did not run and may come again. Resolves with whether its nonce is free; trouble is only warned of. */
  released(delivery: Delivery): Promise<boolean>;
  /** Ends all waits, so that what waits is given back. */
  stop(): void;
  /** Resolves when all nonces are noted and the store is closed. */
  close(): Promise<void>;
}

/** The worker stopped before the message's nonce could be noted. */
export class WorkerStopping extends Error {}

/** Nonces in one call of the store at most. */
const MAX_BATCH = 250;
/** Pauses while the store is away. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

interface Entry {
  readonly claim: NonceClaim;
  state: NonceState | undefined;
}

/** undefined when messageSealing is off. Throws what makes the store unusable for good, a missing driver for one. */
export async function createSealCheck({ app, onWarning }: SealCheckOptions): Promise<SealCheck | undefined> {
  const { sealing, settings } = app;
  if (sealing.mode === "off") return undefined;
  if (!sealing.hasKey) {
    onWarning(
      "This worker has no messageSealKey: the retries, links and chains that it sends are not sealed.",
    );
  }
  const store = await sealing.openNonceStore();
  await store.claim([]).catch(unlessUnavailable);
  const stopping = new AbortController();
  const noteUnsealed = createUnsealedWarnings({ onWarning });
  const held = new WeakMap<Delivery, NonceClaim>();

  /** Tries until the store answers. Throws WorkerStopping. */
  const untilDone = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        if (stopping.signal.aborted) throw new WorkerStopping("The worker is stopping.", { cause: error });
        if (pauseMs === FIRST_PAUSE_MS) onWarning("Used seals cannot be noted; sealed messages wait", error);
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };

  const claims = createBatcher<Entry>(async (entries) => {
    const states = await untilDone(() => store.claim(entries.map(({ claim }) => claim)));
    for (const [at, entry] of entries.entries()) entry.state = states[at];
  }, MAX_BATCH);

  const dones = createBatcher<NonceClaim>((used) => untilDone(() => store.done(used)), MAX_BATCH);

  const begin = async (delivery: Delivery, claim: NonceClaim): Promise<void> => {
    const entry: Entry = { claim, state: undefined };
    await claims.add(entry);
    const { state } = entry;
    // Started and redelivered: the same message after a crash, a shutdown or a requeue.
    if (state !== "new" && !(state === "started" && delivery.redelivered)) throw usedSeal(state);
    held.set(delivery, claim);
  };

  return {
    check(delivery) {
      const { message } = delivery;
      if (message === undefined) return;
      if (sealing.mode === "accept-legacy" && !isSealed(message)) {
        noteUnsealed(nameOf(message));
        return;
      }
      return begin(delivery, sealing.verifyTask(message, delivery.queue));
    },
    async checkControl({ message, queue }) {
      if (message === undefined) return;
      if (!isSealed(message) && (sealing.mode === "accept-legacy" || !settings.messageSealControl)) {
        if (settings.messageSealControl) noteUnsealed("remote control");
        return;
      }
      const [state] = await store.claim([sealing.verifyControl(message, queue)]);
      if (state !== "new") throw usedSeal(state);
    },
    settled(delivery) {
      const claim = held.get(delivery);
      if (claim === undefined) return;
      held.delete(delivery);
      dones.add(claim).catch((error: unknown) => onWarning("A used seal could not be noted as done", error));
    },
    async released(delivery) {
      const claim = held.get(delivery);
      if (claim === undefined) return true;
      try {
        await store.release([claim]);
        held.delete(delivery);
        return true;
      } catch (error) {
        onWarning("The seal of a message could not be freed; sent on, it counts as a replay", error);
        return false;
      }
    },
    stop() {
      stopping.abort();
    },
    async close() {
      stopping.abort();
      await dones.idle().catch(() => undefined);
      await store.close();
    },
  };
}

function unlessUnavailable(error: unknown): void {
  if (!(error instanceof BackendError)) throw error;
}

function isSealed({ headers }: WireMessage): boolean {
  return headers[SEAL_HEADER] !== undefined && headers[SEAL_HEADER] !== null;
}

function nameOf({ headers: { task } }: WireMessage): string {
  return typeof task === "string" ? task : "a task of protocol 1";
}

function usedSeal(state: NonceState | undefined): DecodeError {
  if (state === "forgotten") {
    return new DecodeError(
      "signature_expired",
      "The seal is older than what this process remembers; set messageSealNonceStore to a Redis or SQL URL.",
    );
  }
  const what = state === "done" ? "was handled" : "is being handled";
  return new DecodeError("replay", `A message with this seal ${what} already.`);
}
