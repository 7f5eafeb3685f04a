import { randomUUID } from "node:crypto";
import { fromQueue } from "../access/caller.ts";
import type { GatewayContext } from "../context.ts";
import type { Replayed } from "../dead-letters/dead-letter-book.ts";
import { mayReplay, requireReplayable } from "../dead-letters/may-replay.ts";
import type { ReplayRecord } from "../dead-letters/replay-records.ts";
import { type ReplayRequest, replayLink, replayText, toOrder } from "../dead-letters/replay-view.ts";
import type { Exchange } from "../exchange.ts";
import { TASK_ID } from "../known-task.ts";
import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { ownedBy } from "../task-entry.ts";
import { taskLinks, writeJson } from "../task-view.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS, QUEUE_PROBLEMS } from "./shared.ts";

const validate = createValidator("ReplayRequest");
const NO_STORE = { "cache-control": "no-store" };

/** Sends one letter again. */
export const replayDeadLetter: Route = {
  method: "POST",
  path: "/v1/dead-letters/{queue}/{id}:replay",
  access: "dead-letters:write",
  operation: {
    operationId: "replayDeadLetter",
    summary: "Send a dead letter again",
    description:
      "To the queue it came from, as it was sent first: the same bytes, the same task id. Answers 202 once the broker has it; the letter is gone then.",
    tags: ["dead letters"],
  },
  responses: {
    202: {
      description: "The broker has the task.",
      schema: "DeadLetterReplayed",
      headers: { Location: "Where to ask for the task, if it has an id." },
    },
  },
  problems: [
    ...QUEUE_PROBLEMS,
    "unknown-dead-letter",
    "not-replayable",
    "unroutable-queue",
    "task-forbidden",
    "queue-forbidden",
  ],
  async handle(exchange, gateway) {
    const { queues, deadLetters, logger } = gateway;
    const queue = queues.requireTasks(exchange.caller, exchange.param("queue"));
    const replayed = await deadLetters.replay(queue, exchange.param("id"), (letter) =>
      requireReplayable(exchange.caller, queues, letter),
    );
    const replayId = randomUUID();
    const facts = { queue, letter: replayed.letter.id, replay: replayId, caller: exchange.caller.id };
    logger.info(facts, "A dead letter was sent again");
    await answer(exchange, gateway, replayed, replayId);
  },
};

async function answer(
  exchange: Exchange,
  { tracker, index, app, history }: GatewayContext,
  { letter, message }: Replayed,
  replayId: string,
): Promise<void> {
  const { id, task } = message.headers;
  const about = {
    ...(typeof task === "string" ? { task } : {}),
    queue: fromQueue(exchange.caller, letter.queue),
    state: "PENDING",
    replay_id: replayId,
    replayed_from: letter.id,
  };
  if (typeof id !== "string" || !TASK_ID.test(id)) return exchange.json(202, writeJson(about));
  const begins = { state: "PENDING", doneAtMs: null };
  history?.did("replayed", { id }, { state: "PENDING" });
  // A task that is known stays that of whoever sent it first.
  if ((await tracker.find(id)) !== undefined) index.update({ id, ...begins });
  else {
    await tracker.accept({
      id,
      task: typeof task === "string" ? task : "",
      queue: letter.queue,
      ...begins,
      submittedAtMs: Date.now(),
      etaMs: null,
      ignoreResult: message.headers["ignore_result"] === true || app.settings.taskIgnoreResult,
      ...ownedBy(exchange.caller),
    });
  }
  const links = taskLinks(id, exchange.base);
  exchange.json(202, writeJson({ id, ...about, links }), { location: links.self });
}

/** Sends many letters again. */
export const startReplay: Route = {
  method: "POST",
  path: "/v1/replays",
  access: "dead-letters:write",
  operation: {
    operationId: "startReplay",
    summary: "Send many dead letters again",
    description:
      "All of a queue that there are now, or those that a filter takes, no faster than the rate. It goes on after the answer; one at a time for each queue, over all gateways. Letters of tasks that these credentials may not send are left out. When the gateway ends before it, the replay is interrupted, and the rest stay dead letters.",
    tags: ["dead letters"],
  },
  requestSchema: "ReplayRequest",
  responses: {
    202: {
      description: "It has begun.",
      schema: "Replay",
      headers: { Location: "Where to ask how far it is." },
    },
  },
  problems: [...QUEUE_PROBLEMS, ...BODY_PROBLEMS, "bad-eta", "replay-active", "state-unavailable"],
  async handle(exchange, gateway) {
    const body = await readJson(exchange, gateway);
    validate(body);
    // The schema says so.
    const order = toOrder(body as ReplayRequest);
    const { queues, replays, logger } = gateway;
    const queue = queues.requireTasks(exchange.caller, order.queue);
    const toQueue =
      order.toQueue === undefined ? undefined : queues.requireTasks(exchange.caller, order.toQueue);
    const record = await replays.start({
      ...order,
      queue,
      toQueue,
      isAllowed: (letter) =>
        mayReplay(exchange.caller, queues, toQueue === undefined ? letter : { ...letter, queue: toQueue }),
    });
    const facts = { queue, replay: record.id, caller: exchange.caller.id };
    logger.info(facts, "A replay of dead letters has begun");
    exchange.json(202, replayText(record, exchange), {
      location: replayLink(record.id, exchange.base),
    });
  },
};

/** How far one is. */
export const getReplay: Route = {
  method: "GET",
  path: "/v1/replays/{id}",
  access: "dead-letters:read",
  operation: { operationId: "getReplay", summary: "How far a replay is", tags: ["dead letters"] },
  responses: { 200: { description: "The replay.", schema: "Replay" } },
  problems: ["unknown-replay", "state-unavailable"],
  async handle(exchange, gateway) {
    const record = await findReplay(exchange, gateway);
    exchange.json(200, replayText(record, exchange), NO_STORE);
  },
};

/** Stops one. */
export const cancelReplay: Route = {
  method: "DELETE",
  path: "/v1/replays/{id}",
  access: "dead-letters:write",
  operation: {
    operationId: "cancelReplay",
    summary: "Cancel a replay",
    description: "What was sent is sent; the rest stay dead letters. One that has ended stays as it is.",
    tags: ["dead letters"],
  },
  responses: { 200: { description: "The replay as it is now.", schema: "Replay" } },
  problems: ["unknown-replay", "state-unavailable"],
  async handle(exchange, gateway) {
    const { id } = await findReplay(exchange, gateway);
    await gateway.replays.cancel(id);
    exchange.json(200, replayText(await findReplay(exchange, gateway), exchange), NO_STORE);
  },
};

async function findReplay(exchange: Exchange, { replays, queues }: GatewayContext): Promise<ReplayRecord> {
  const id = exchange.param("id");
  // Not every store takes any text for a key.
  const record = TASK_ID.test(id) ? await replays.get(id) : undefined;
  if (record !== undefined && queues.isOpenTo(exchange.caller, record.queue)) return record;
  throw new Problem("unknown-replay");
}
