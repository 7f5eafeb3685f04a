/** Messages that the end of a task causes: the retry, the next task of a chain, links and error links. */
import { type App, type SendOptions, toSendOptions } from "../app/index.ts";
import {
  customHeaders,
  formatIsoTime,
  type ResultTuple,
  readStamps,
  type Signature,
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

/** Sends what the outcome causes, and returns the ids sent as Celery's `children`. Throws when the broker does not take one. */
export async function sendFollowUps(app: App, job: Job, outcome: Outcome): Promise<readonly ResultTuple[]> {
  const calls = followUpCalls(job, outcome);
  const prepared = await Promise.all(calls.map(({ task, options }) => app.producer.prepare(task, options)));
  await Promise.all(prepared.map((one) => app.publish(one)));
  return prepared.map(({ id }) => [[id, null], null]);
}

interface Call {
  readonly task: string;
  readonly options: SendOptions;
}

function followUpCalls(job: Job, outcome: Outcome): readonly Call[] {
  const { request } = job;
  const family = { parentId: request.id, rootId: request.rootId };
  const call = (signature: Signature, more: SendOptions = {}): Call => ({
    task: signature.task,
    options: { ...family, ...toSendOptions(signature), ...more },
  });
  switch (outcome.state) {
    case "RETRY":
      return [retryCall(job, outcome)];
    case "REPLACED":
      return [replacementCall(job, outcome.signature)];
    case "SUCCESS": {
      const links = request.embed.callbacks.map((link) => call(withResult(link, outcome.result)));
      const next = request.embed.chain.at(-1);
      if (next === undefined) return links;
      return [...links, call(withResult(next, outcome.result), { chain: request.embed.chain.slice(0, -1) })];
    }
    case "FAILURE":
      return request.embed.errbacks.map((link) => call(withResult(link, request.id)));
    default:
      return [];
  }
}

/** Another call with this one's id, family, links and rest of the chain. Source: celery/app/task.py `replace`. */
function replacementCall({ request }: Job, signature: Signature): Call {
  const { embed, headers } = request;
  const own = toSendOptions(signature);
  const nesting = headers["replaced_task_nesting"];
  const options: { [Name in keyof SendOptions]: SendOptions[Name] | undefined } = {
    ...own,
    taskId: request.id,
    rootId: request.rootId,
    parentId: request.parentId,
    groupId: request.groupId,
    groupIndex: request.groupIndex,
    replyTo: request.replyTo,
    ignoreResult: own.ignoreResult ?? request.ignoreResult,
    link: joined(own.link, embed.callbacks),
    linkError: joined(own.linkError, embed.errbacks),
    chain: embed.chain.length === 0 ? undefined : embed.chain,
    replacedTaskNesting: (typeof nesting === "number" ? nesting : 0) + 1,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { task: signature.task, options: Object.fromEntries(given) as SendOptions };
}

function joined(
  own: Signature | readonly Signature[] | undefined,
  inherited: readonly Signature[],
): readonly Signature[] | undefined {
  const all = [...(own === undefined ? [] : [own].flat()), ...inherited];
  return all.length === 0 ? undefined : (all as readonly Signature[]);
}

/** The same call once more. Source: celery/app/task.py `signature_from_request`; the parent becomes the task itself. */
function retryCall({ request }: Job, { etaMs, retries }: Extract<Outcome, { state: "RETRY" }>): Call {
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
  return { task: request.task, options: Object.fromEntries(given) as SendOptions };
}
