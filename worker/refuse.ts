/**
 * The end of a message that cannot be run: keep it as a dead letter, store its failure, and only then let the broker
 * forget it.
 */
import type { App } from "../app/index.ts";
import type { ResultBackend } from "../backends/index.ts";
import { formatIsoTime } from "../protocol/index.ts";
import { sendToDeadLetters } from "./dead-letter.ts";
import { type Refusal, refusalEntry } from "./intake.ts";
import type { SealCheck } from "./seal-check.ts";

export interface RefuserOptions {
  readonly app: App;
  /** Node name of this worker. */
  readonly hostname: string;
  /** undefined: no results are kept. */
  readonly backend: ResultBackend | undefined;
  /** undefined: seals are not looked at. */
  readonly sealCheck: SealCheck | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export interface Refuser {
  /** Takes over a refused message. */
  refuse(refusal: Refusal): void;
  /** Resolves when everything taken over is dealt with. */
  idle(): Promise<void>;
}

/** Wait before a message that could not be kept goes back to its queue: it would go round without end. */
const RETRY_MS = 1000;

export function createRefuser({ app, hostname, backend, sealCheck, onWarning }: RefuserOptions): Refuser {
  const running = new Set<Promise<void>>();

  const keep = async (refusal: Refusal): Promise<void> => {
    const nowIso = formatIsoTime(Date.now());
    await sendToDeadLetters(app, refusal, hostname, nowIso);
    const { taskId } = refusal;
    if (taskId !== undefined) await backend?.store([refusalEntry(refusal, taskId, nowIso)]);
    await sealCheck?.released(refusal.delivery);
    refusal.delivery.ack();
  };

  const giveBack = async (refusal: Refusal, error: unknown): Promise<void> => {
    onWarning(
      `A refused message on ${refusal.delivery.queue} could not be kept; it goes back to the queue`,
      error,
    );
    await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));
    refusal.delivery.reject({ requeue: true });
  };

  return {
    refuse(refusal) {
      const { delivery, code, reason, taskName = "unknown task", taskId = "unknown id" } = refusal;
      if (code === "replay" && delivery.redelivered) {
        // Done, and only its acknowledgement got lost: there is nothing to keep.
        onWarning(`${taskName} was handed out again after it was done: ${reason}`);
        return delivery.ack();
      }
      onWarning(`${taskName}[${taskId}] refused (${code}) and kept in ${delivery.queue}.dead: ${reason}`);
      const kept = keep(refusal).catch((error: unknown) => giveBack(refusal, error));
      running.add(kept);
      void kept.finally(() => running.delete(kept));
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
