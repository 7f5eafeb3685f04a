/**
 * What a pool and its processes or threads say to each other. Values travel as pickles, which keep every class that a task
 * can take and return; the rest is plain data that structured clone carries.
 */
import type { TraceHeaders } from "../../../app/index.ts";
import { DEFAULT_LIMITS, pickleSerializer } from "../../../codecs/index.ts";
import type { TaskRequest } from "../../../protocol/index.ts";
import type { Outcome } from "../../outcome.ts";

export type ToChild =
  /** The first message. */
  | {
      readonly kind: "start";
      readonly appModule: string;
      readonly hostname: string;
      readonly reportsMemory: boolean;
    }
  | { readonly kind: "run"; readonly run: number; readonly request: Uint8Array }
  /** Ask a run to stop. */
  | { readonly kind: "abort"; readonly run: number; readonly name: string; readonly message: string }
  /** The answer to an update. */
  | { readonly kind: "updated"; readonly update: number; readonly error: string | undefined }
  /** End when nothing runs any more. */
  | { readonly kind: "stop" };

export type FromChild =
  | { readonly kind: "ready" }
  /** The app could not be loaded. */
  | { readonly kind: "failed"; readonly message: string }
  /** A state between start and end. */
  | {
      readonly kind: "update";
      readonly update: number;
      readonly run: number;
      readonly state: string;
      readonly meta: Uint8Array;
    }
  | {
      readonly kind: "ended";
      readonly run: number;
      readonly outcome: Uint8Array;
      /** Context of the run's span, undefined when nobody traces. */
      readonly trace?: TraceHeaders | undefined;
      /** 0 unless it was asked for. */
      readonly memoryKib: number;
    };

/** Values never come from strangers here, but from tasks of the same app: what was accepted once is not limited again. */
const LIMITS = { maxBytes: 2 ** 31, maxDepth: DEFAULT_LIMITS.maxDepth * 2 };

/** Throws EncodeError. */
export function packValue(value: unknown): Uint8Array {
  return pickleSerializer.serialize(value);
}

export function unpackValue(bytes: Uint8Array): unknown {
  return pickleSerializer.deserialize(bytes, LIMITS);
}

/** What follows a task is sent by the worker: a process needs the call alone. */
export function packRequest(request: TaskRequest): Uint8Array {
  return packValue({ ...request, embed: NO_EMBED });
}

export function unpackRequest(bytes: Uint8Array): TaskRequest {
  const request = unpackValue(bytes) as TaskRequest;
  return { ...request, embed: NO_EMBED };
}

export function unpackOutcome(bytes: Uint8Array): Outcome {
  return unpackValue(bytes) as Outcome;
}

const NO_EMBED: TaskRequest["embed"] = { callbacks: [], errbacks: [], chain: [], chord: undefined };
