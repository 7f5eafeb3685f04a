/** What a pool and its processes or threads say to each other: plain data, which any way of passing messages keeps as it is. */
import type { TraceHeaders } from "../../../app/index.ts";
import type { Packed } from "./pack.ts";

export type ToChild =
  /** The first message. */
  | {
      readonly kind: "start";
      readonly appModule: string;
      readonly hostname: string;
      readonly reportsMemory: boolean;
    }
  | { readonly kind: "run"; readonly run: number; readonly request: Packed }
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
      readonly meta: Packed;
    }
  | {
      readonly kind: "ended";
      readonly run: number;
      readonly outcome: Packed;
      /** Context of the run's span, undefined when nobody traces. */
      readonly trace?: TraceHeaders | undefined;
      /** 0 unless it was asked for. */
      readonly memoryKib: number;
    };
