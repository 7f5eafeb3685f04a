/** Messages that the end of a task causes: the retry, what replaces it, the next step of its chain, links and error links. */
import {
  type App,
  applyCanvas,
  planContext,
  type SendOptions,
  sendPlan,
  toSendOptions,
} from "../app/index.ts";
import { type CanvasCall, planReplacement } from "../canvas/index.ts";
import {
  customHeaders,
  formatIsoTime,
  type PlainObject,
  type ResultTuple,
  readStamps,
  type Signature,
  toResultTuple,
  withResult,
} from "../protocol/index.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

/** True when finishing this job with this outcome sends anything. */
export function needsFollowUp({ request: { embed } }: Job, outcome: Outcome): boolean {
  if (outcome.state === "RETRY" || outcome.state === "REPLACED") return true;
  if (outcome.state === "SUCCESS") return embed.callbacks.length > 0 || embed.chain.length > 0;
  return outcome.state === "FAILURE" && embed.errbacks.length > 0;
}

/** Sends what the outcome causes, and returns the results to come as Celery's `children`. Throws when the broker does not take one. */
export async function sendFollowUps(app: App, job: Job, outcome: Outcome): Promise<readonly ResultTuple[]> {
  const { request } = job;
  switch (outcome.state) {
    case "RETRY": {
      await app.publish(await app.producer.prepare(request.task, retryOptions(job, outcome)));
      return [];
    }
    case "REPLACED":
      await replace(app, job, outcome.signature);
      return [];
    case "SUCCESS":
      return sendAll(app, job, successors(job), outcome.result ?? null);
    case "FAILURE":
      return sendAll(app, job, request.embed.errbacks.map(alone), request.id);
    default:
      return [];
  }
}

/** A signature, and the steps behind it. */
interface Successor {
  readonly signature: Signature;
  /** Rest of the chain, the next step last. */
  readonly chain: readonly Signature[];
}

function alone(signature: Signature): Successor {
  return { signature, chain: [] };
}

function successors({ request: { embed } }: Job): readonly Successor[] {
  const next = embed.chain.at(-1);
  const links = embed.callbacks.map(alone);
  return next === undefined ? links : [...links, { signature: next, chain: embed.chain.slice(0, -1) }];
}

/** Each gets the value in front of its arguments. Plain tasks, which nearly all are, need no planning. */
async function sendAll(
  app: App,
  job: Job,
  list: readonly Successor[],
  value: unknown,
): Promise<readonly ResultTuple[]> {
  const { id: parentId, rootId, replyTo, priority } = job.request;
  const inherited = app.settings.taskInheritParentPriority ? { priority } : {};
  const plain = list.filter(({ signature }) => signature.subtask_type === null);
  const prepared = await Promise.all(
    plain.map(({ signature, chain }) => {
      const options = toSendOptions(withResult(signature, value));
      const more = chain.length === 0 ? {} : { chain };
      return app.producer.prepare(signature.task, { parentId, rootId, ...options, ...inherited, ...more });
    }),
  );
  await Promise.all(prepared.map((one) => app.publish(one)));
  const children: ResultTuple[] = prepared.map(({ id }) => [[id, null], null]);
  for (const { signature, chain } of list) {
    if (signature.subtask_type === null) continue;
    const family = { parent_id: parentId, root_id: rootId, ...inherited };
    const call: CanvasCall = {
      args: [value],
      options: chain.length === 0 ? family : { ...family, chain: [...chain] },
    };
    children.push(toResultTuple(await applyCanvas(app, signature, call, replyTo)));
  }
  return children;
}

/** Another canvas ends with this one's id, and takes over its family, links, chord and rest of the chain. */
async function replace(app: App, { request }: Job, signature: Signature): Promise<void> {
  const { id, rootId, groupId, groupIndex, headers, embed, replyTo } = request;
  const { callbacks, errbacks, chain, chord } = embed;
  const nesting = headers["replaced_task_nesting"];
  const kept = { parent_id: request.parentId, reply_to: replyTo, ignore_result: request.ignoreResult };
  const options: PlainObject = Object.fromEntries(
    Object.entries(kept).filter(([, value]) => value !== undefined),
  );
  const replaced = {
    ...{ id, rootId, groupId, groupIndex, callbacks, errbacks, chain, chord, options },
    nesting: typeof nesting === "number" ? nesting : 0,
  };
  await sendPlan(app, planReplacement(signature, replaced, planContext(app, replyTo)));
}

/** The same call once more. Source: celery/app/task.py `signature_from_request`; the parent becomes the task itself. */
function retryOptions(
  { request }: Job,
  { etaMs, retries }: Extract<Outcome, { state: "RETRY" }>,
): SendOptions {
  const { headers, embed } = request;
  const text = (name: string): string | undefined =>
    typeof headers[name] === "string" ? headers[name] : undefined;
  const integer = (name: string): number | undefined =>
    Number.isSafeInteger(headers[name]) ? (headers[name] as number) : undefined;
  const options: { [Name in keyof SendOptions]: SendOptions[Name] | undefined } = {
    args: request.args,
    kwargs: request.kwargs,
    taskId: request.id,
    queue: request.deliveryInfo.queue,
    priority: request.priority,
    eta: formatIsoTime(etaMs),
    expires: request.expiresMs === undefined ? undefined : formatIsoTime(request.expiresMs),
    retries,
    timeLimit: request.timeLimitSeconds,
    softTimeLimit: request.softTimeLimitSeconds,
    parentId: request.id,
    rootId: request.rootId,
    groupId: request.groupId,
    groupIndex: request.groupIndex,
    shadow: text("shadow"),
    origin: text("origin"),
    replyTo: request.replyTo,
    ignoreResult: request.ignoreResult,
    headers: customHeaders(headers),
    ...(Array.isArray(headers["stamped_headers"]) ? readStamps(headers) : {}),
    replacedTaskNesting: integer("replaced_task_nesting"),
    link: embed.callbacks.length === 0 ? undefined : embed.callbacks,
    linkError: embed.errbacks.length === 0 ? undefined : embed.errbacks,
    chain: embed.chain.length === 0 ? undefined : embed.chain,
    chord: embed.chord,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as SendOptions;
}
