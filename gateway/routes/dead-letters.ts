import { fromQueue } from "../access/caller.ts";
import type { GatewayContext } from "../context.ts";
import type { LetterSummary } from "../dead-letters/dead-letter-book.ts";
import { after, readCursor, writeCursor } from "../dead-letters/letter-cursor.ts";
import { letterText, summaryMembers } from "../dead-letters/letter-view.ts";
import type { ParameterSpec, Route } from "../route.ts";
import { writeJson } from "../task-view.ts";
import { type Asked, answerPage, nextLink, type Page, pageParameters, readLimit } from "./page.ts";
import { QUEUE_PROBLEMS } from "./shared.ts";

const NO_STORE = { "cache-control": "no-store" };

function filterParameter(name: string, description: string): ParameterSpec {
  return { name, in: "query", description, schema: { type: "string", maxLength: 255 } };
}

/** Dead letters of one queue or of all, the oldest first. */
export const listDeadLetters: Route = {
  method: "GET",
  path: "/v1/dead-letters",
  access: "dead-letters:read",
  operation: {
    operationId: "listDeadLetters",
    summary: "List dead letters",
    description:
      "Messages that no worker could run, without their contents; queue by queue, in each the oldest first. Of each queue the oldest 1000 are looked at.",
    tags: ["dead letters"],
    parameters: [
      filterParameter("queue", "Only those of this queue."),
      filterParameter("reason", "Only those with this code of a reason."),
      filterParameter("task", "Only those of tasks of this name."),
      ...pageParameters("Letters"),
    ],
  },
  responses: {
    200: {
      description: "A page of letters.",
      schema: "DeadLetterList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: [...QUEUE_PROBLEMS, "invalid-arguments"],
  async handle(exchange, gateway) {
    answerPage(exchange, await deadLetterPage(exchange, gateway));
  },
};

type Books = Pick<GatewayContext, "queues" | "deadLetters">;

export async function deadLetterPage(asked: Asked, books: Books): Promise<Page> {
  const { query, base, caller } = asked;
  const limit = readLimit(query);
  const found = await collect(asked, books, limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last !== undefined
      ? nextLink(`${base}/v1/dead-letters`, query, writeCursor(last.owner, last.letter))
      : undefined;
  const members = page.map(({ owner, letter }) => summaryMembers(letter, fromQueue(caller, owner), base));
  return { text: writeJson({ dead_letters: members, ...(next && { next }) }), next };
}

interface Found {
  /** The queue whose dead letter it is. */
  readonly owner: string;
  readonly letter: LetterSummary;
}

async function collect(
  { query, caller }: Asked,
  { queues, deadLetters }: Books,
  count: number,
): Promise<readonly Found[]> {
  const [queue, reason, task, cursorText] = ["queue", "reason", "task", "cursor"].map((name) =>
    query.get(name),
  );
  const cursor = cursorText == null ? undefined : readCursor(cursorText);
  const owners = queue == null ? queues.visibleTo(caller) : [queues.requireTasks(caller, queue)];
  const found: Found[] = [];
  for (const owner of owners) {
    if (found.length >= count) break;
    // Queues come by name, so that those before the cursor's are done.
    if (cursor !== undefined && owner < cursor.queue) continue;
    const all = await deadLetters.list(owner);
    const rest = cursor?.queue === owner ? after(all, cursor) : all;
    for (const letter of rest) {
      if ((reason ?? letter.code) === letter.code && (task ?? letter.task) === letter.task)
        found.push({ owner, letter });
    }
  }
  return found;
}

/** One letter, whole. */
export const getDeadLetter: Route = {
  method: "GET",
  path: "/v1/dead-letters/{queue}/{id}",
  access: "dead-letters:read",
  operation: {
    operationId: "getDeadLetter",
    summary: "Read a dead letter",
    description: "With the headers and the exact bytes of the message.",
    tags: ["dead letters"],
  },
  responses: { 200: { description: "The letter.", schema: "DeadLetter" } },
  problems: [...QUEUE_PROBLEMS, "unknown-dead-letter", "not-representable"],
  async handle(exchange, { queues, deadLetters }) {
    const queue = exchange.param("queue");
    const owner = queues.requireTasks(exchange.caller, queue);
    const letter = await deadLetters.find(owner, exchange.param("id"));
    exchange.json(200, letterText(letter, queue, exchange.base), NO_STORE);
  },
};

/** Removes a letter for good. */
export const deleteDeadLetter: Route = {
  method: "DELETE",
  path: "/v1/dead-letters/{queue}/{id}",
  access: "dead-letters:write",
  operation: {
    operationId: "deleteDeadLetter",
    summary: "Remove a dead letter",
    description: "Nothing brings it back.",
    tags: ["dead letters"],
  },
  responses: { 204: { description: "It is removed." } },
  problems: [...QUEUE_PROBLEMS, "unknown-dead-letter"],
  async handle(exchange, { queues, deadLetters }) {
    const queue = queues.requireTasks(exchange.caller, exchange.param("queue"));
    await deadLetters.drop(queue, exchange.param("id"));
    exchange.empty(204, {});
  },
};
