/** Sends a canvas: its chords begin to be counted, then its messages leave. */
import { randomUUID } from "node:crypto";
import { chordMethod, chordUnlockCall, type ResultBackend } from "../backends/index.ts";
import {
  type CanvasCall,
  type CanvasPlan,
  type PlanContext,
  type PlannedChord,
  planCanvas,
} from "../canvas/index.ts";
import type { ResultNode, Signature } from "../protocol/index.ts";
import { toSendOptions } from "./apply-signature.ts";
import { currentTask } from "./current-task.ts";
import type { PreparedTask, Producer, SendOptions } from "./producer.ts";
import type { Router } from "./routing.ts";
import type { Settings } from "./settings.ts";

/** What sending a canvas takes of an app. */
export interface CanvasSender {
  readonly settings: Settings;
  readonly router: Router;
  readonly producer: Producer;
  readonly replyTo: string;
  backend(): Promise<ResultBackend>;
  publish(prepared: PreparedTask): Promise<void>;
}

/** Messages on their way at once: a group of any size takes a bounded part of the memory. */
const IN_FLIGHT = 1000;

/**
 * Resolves with the canvas's results when the broker has all its messages. Throws ConfigurationError for a chord without a
 * result store that can have chords. `replyTo` is where rpc results go, to the app itself unless said otherwise.
 */
export function applyCanvas(
  app: CanvasSender,
  canvas: Signature,
  call: CanvasCall = {},
  replyTo: string | undefined = undefined,
): Promise<ResultNode> {
  return sendPlan(app, planCanvas(canvas, call, planContext(app, replyTo)));
}

/** The call as one of the task that is running, if any. */
export function withFamily(call: CanvasCall): CanvasCall {
  const parent = currentTask();
  if (parent === undefined) return call;
  return { ...call, options: { parent_id: parent.id, root_id: parent.rootId, ...call.options } };
}

/** What planning takes of an app. */
export function planContext(
  { settings, replyTo: own }: CanvasSender,
  replyTo: string | undefined = undefined,
): PlanContext {
  return {
    newId: randomUUID,
    replyTo: replyTo ?? own,
    errbacksOnHeaders: settings.taskAllowErrorCbOnChordHeader,
    usesLinks: settings.taskProtocol === 1,
  };
}

/** Does what was planned, in its order. */
export async function sendPlan(app: CanvasSender, { steps, result }: CanvasPlan): Promise<ResultNode> {
  let calls: { readonly task: string; readonly options: SendOptions }[] = [];
  const flush = async (): Promise<void> => {
    const prepared = await Promise.all(calls.map(({ task, options }) => app.producer.prepare(task, options)));
    calls = [];
    await Promise.all(prepared.map((one) => app.publish(one)));
  };
  for (const step of steps) {
    if (step.type === "send") {
      calls.push({ task: step.signature.task, options: toSendOptions(step.signature) });
      if (calls.length === IN_FLIGHT) await flush();
      continue;
    }
    await flush();
    const unlock = await startChord(app, step);
    if (unlock !== undefined) calls.push(unlock);
  }
  await flush();
  return result;
}

/** Begins to count; or returns the task that polls the header instead, to be sent before the header is. */
async function startChord(
  app: CanvasSender,
  { groupId, size, header, body }: PlannedChord,
): Promise<{ readonly task: string; readonly options: SendOptions } | undefined> {
  const backend = await app.backend();
  if (chordMethod(backend) === "counted") {
    await backend.chords?.start({ groupId, size, header, body });
    return undefined;
  }
  const first = firstStep(body);
  const { queue, priority } = app.router.route(first.task, first.args, first.kwargs, routeOf(first));
  const { task, ...options } = chordUnlockCall({
    groupId,
    body,
    header,
    queue: queue?.name ?? app.settings.taskDefaultQueue,
    exchangeType: queue?.exchange?.type ?? "direct",
    ...(priority === undefined ? {} : { priority }),
  });
  return { task, options };
}

/** A chain runs where its first step does: its own name is in nobody's routes. */
function firstStep(body: Signature): Signature {
  const { tasks } = body.kwargs;
  if (body.subtask_type !== "chain" || body.options["queue"] !== undefined || !Array.isArray(tasks))
    return body;
  const [first] = tasks as readonly (Signature | undefined)[];
  return first === undefined ? body : firstStep(first);
}

function routeOf(body: Signature): Pick<SendOptions, "queue" | "exchange" | "routingKey" | "priority"> {
  const { queue, exchange, routingKey, priority } = toSendOptions(body);
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(routingKey === undefined ? {} : { routingKey }),
    ...(priority === undefined ? {} : { priority }),
  };
}
