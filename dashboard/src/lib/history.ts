/** What happened to a task, as `GET /v1/tasks/{id}/history` tells it. */
import type { Task } from "./task.ts";

/** One thing that happened. */
export interface HistoryEvent {
  readonly type: string;
  readonly at: string;
  readonly worker?: string;
  readonly state?: string;
  readonly retries?: number;
  readonly eta?: string;
  readonly runtime_s?: number;
  readonly exception?: string;
  readonly progress?: unknown;
  readonly detail?: string;
}

/** The request that a task came with. */
export interface TaskOrigin {
  readonly method: string;
  readonly path: string;
  readonly credential: string;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly trace_id: string | null;
}

export interface TaskHistory {
  readonly id: string;
  readonly task: string | null;
  /** The earliest first. */
  readonly events: readonly HistoryEvent[];
  readonly request?: TaskOrigin;
  /** Python reprs; only when asked for. */
  readonly args?: string;
  readonly kwargs?: string;
}

const ENDS: Readonly<Record<string, string>> = {
  SUCCESS: "succeeded",
  FAILURE: "failed",
  REVOKED: "revoked",
  LOST: "lost",
};

/** What can be told without a history: the gateway may keep none. */
export function historyOf({
  submitted_at,
  done_at,
  state,
  eta,
  worker,
  retries,
  error,
}: Task): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  if (submitted_at !== undefined)
    events.push({ type: "accepted", at: submitted_at, ...(eta === undefined ? {} : { eta }) });
  const end = Object.hasOwn(ENDS, state) ? ENDS[state] : undefined;
  if (done_at !== undefined && end !== undefined)
    events.push({
      type: end,
      at: done_at,
      state,
      ...(worker === undefined ? {} : { worker }),
      ...(retries === undefined ? {} : { retries }),
      ...(error === undefined ? {} : { exception: error.message }),
    });
  return events;
}

/** Whether nothing follows an event. A revocation without a state is an order that workers have been given. */
export function isEnd({ type, state }: HistoryEvent): boolean {
  if (type === "revoked") return state !== undefined;
  return ["succeeded", "failed", "rejected", "lost"].includes(type);
}

export type PhaseKind = "held" | "waiting" | "running";

/** A time in which one thing was the case. */
export interface Phase {
  readonly kind: PhaseKind;
  readonly fromMs: number;
  readonly toMs: number;
}

const PHASE_AFTER: Readonly<Record<string, PhaseKind>> = {
  accepted: "waiting",
  held: "held",
  published: "waiting",
  replayed: "waiting",
  sent: "waiting",
  received: "waiting",
  started: "running",
  progress: "running",
  retried: "waiting",
};

/** How a task's time was spent, from its events; what goes on lasts until `nowMs`. */
export function phasesOf(events: readonly HistoryEvent[], nowMs: number): readonly Phase[] {
  const phases: Phase[] = [];
  let kind: PhaseKind | undefined;
  let fromMs = 0;
  const close = (toMs: number): void => {
    const last = phases.at(-1);
    if (kind === undefined || toMs <= fromMs) return;
    if (last?.kind === kind) phases[phases.length - 1] = { ...last, toMs };
    else phases.push({ kind, fromMs, toMs });
    fromMs = toMs;
  };
  for (const event of events) {
    const atMs = Date.parse(event.at);
    const ran = event.runtime_s === undefined ? undefined : atMs - event.runtime_s * 1000;
    if (kind !== "running" && ran !== undefined && ran > fromMs) {
      close(ran);
      kind = "running";
    }
    const next = isEnd(event) ? undefined : (PHASE_AFTER[event.type] ?? kind);
    // What the gateway writes late, such as the broker's confirmation, ends no run.
    if (kind === "running" && next === "waiting" && event.type !== "retried" && event.type !== "replayed")
      continue;
    if (next === kind) continue;
    close(atMs);
    kind = next;
    fromMs = Math.max(fromMs, atMs);
  }
  close(nowMs);
  return phases;
}

/** Milliseconds in phases of these kinds. */
export function timeIn(phases: readonly Phase[], ...kinds: readonly PhaseKind[]): number {
  return phases
    .filter(({ kind }) => kinds.includes(kind))
    .reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}
