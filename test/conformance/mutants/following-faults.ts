/** Faults of workers in what they send after a task: callbacks, chains, chords and retries. */
import { isTask, type LiveMutant, sent, withHeaders, withoutEmbedded, withParts } from "./live-mutant.ts";

export const FOLLOWING_FAULTS: readonly LiveMutant[] = [
  {
    name: "callbacks do not run",
    delivered: withoutEmbedded("callbacks"),
    isLoss: true,
    caughtBy: { "canvas.link.result-goes-on": "fail $.steps[2].await differs: no final result of t1.1" },
  },
  {
    name: "callbacks run after a failure",
    delivered: withParts(([args, kwargs, embed]) => [
      args,
      kwargs,
      { ...embed, errbacks: embed["callbacks"] ?? embed["errbacks"] },
    ]),
    caughtBy: {
      "canvas.link.not-after-failure":
        "fail $.steps[3].absent differs: a callback ran although its task failed",
    },
  },
  {
    name: "callbacks for errors do not run",
    delivered: withoutEmbedded("errbacks"),
    isLoss: true,
    caughtBy: { "canvas.errback.runs": "fail $.steps[2].await differs: no final result of t1.1" },
  },
  {
    name: "callbacks for errors run after success",
    delivered: withParts(([args, kwargs, embed]) => [
      args,
      kwargs,
      { ...embed, callbacks: embed["errbacks"] },
    ]),
    caughtBy: {
      "canvas.errback.not-after-success": "fail $.steps[3].absent differs: a callback for errors ran",
    },
  },
  {
    name: "a chain ends after its first step",
    delivered: withoutEmbedded("chain"),
    isLoss: true,
    caughtBy: { "canvas.chain.two": "fail $.steps[2].await differs: no final result of t1.1" },
  },
  {
    name: "a chain runs backwards",
    delivered: withParts(([args, kwargs, embed]) => {
      const { chain } = embed;
      return [args, kwargs, { ...embed, chain: Array.isArray(chain) ? chain.toReversed() : chain }];
    }),
    isLoss: true,
    caughtBy: { "canvas.chain.five": "fail $.steps[2].await" },
  },
  {
    name: "the body of a chord never runs",
    delivered: withoutEmbedded("chord"),
    isLoss: true,
    caughtBy: { "canvas.chord.two": "fail $.steps[1].await differs: no final result of t1.end" },
  },
  {
    name: "the body of a chord runs twice",
    published: (message, route) => {
      const isBody = message.headers["task"] === "conf.sum";
      return Array.from({ length: isBody ? 2 : 1 }, () => ({ message, route }));
    },
    caughtBy: { "once.chord-body": "fail $.steps[4].event differs: the body of a chord runs once" },
  },
  {
    name: "what follows a task has no parent",
    published: sent(withHeaders({ parent_id: null })),
    isLoss: true,
    caughtBy: {
      "once.link.family":
        "fail $.steps[2].event.event.parent_id differs: what runs after a task has it as its parent",
      "events.ids.of-a-chain": "fail $.steps[2].event.event.parent_id differs",
    },
  },
  {
    name: "what follows a task has a root of its own",
    published: sent((message) => withHeaders({ root_id: message.headers["id"] })(message)),
    isLoss: true,
    caughtBy: {
      "once.link.family": "fail $.steps[2].event.event.root_id differs: what runs after a task",
      "events.ids.of-a-chain": "fail $.steps[2].event.event.root_id differs",
    },
  },
  {
    name: "a retry has no arguments by name",
    published: sent(withParts(([args, , embed]) => [args, {}, embed])),
    caughtBy: { "work.retry.keeps-keywords": "fail $.steps[1].await" },
  },
  {
    name: "a retry is not counted",
    published: sent((message) =>
      Number(message.headers["retries"]) > 1 ? withHeaders({ retries: 1 })(message) : message,
    ),
    isLoss: true,
    caughtBy: { "work.retry.twice": "fail $.steps[1].await differs: header retries counts" },
  },
  {
    name: "a retry is not sent",
    published: (message, route) => (isTask(message) ? [] : [{ message, route }]),
    isLoss: true,
    caughtBy: { "work.retry.once": "fail $.steps[1].await differs: a task that retries is sent again" },
  },
];
