/** Faults of workers in what they read of messages and how they run tasks. */
import type { WireMessage } from "../../../protocol/index.ts";
import { bodyOf, isUnreadable, type LiveMutant, proxied, withHeaders, withParts } from "./live-mutant.ts";

/** Its process ends when such a message comes. */
const dies =
  (isIt: (message: WireMessage) => boolean) =>
  (message: WireMessage): WireMessage => {
    if (isIt(message)) process.exit(1);
    return message;
  };

const isUnknown = ({ headers }: WireMessage): boolean => headers["task"] === "conf.nobody_has_it";

const nothing = (): void => undefined;

export const RUNNING_FAULTS: readonly LiveMutant[] = [
  {
    name: "a message is run twice",
    handled: (delivery) => [delivery, proxied(delivery, { ack: nothing, reject: nothing })],
    caughtBy: {
      "once.task": "fail $.steps[4].event differs: a message is run once",
      "once.link": "fail $.steps[4].event differs: a callback runs once",
    },
  },
  {
    name: "eta is ignored",
    delivered: withHeaders({ eta: null }),
    caughtBy: { "work.eta.countdown": "fail $.steps[2].absent differs: it ran before its time" },
  },
  {
    name: "expired tasks run",
    delivered: withHeaders({ expires: null }),
    caughtBy: {
      "work.expires.past": "fail $.steps[1].await.state differs: a task that has expired is not run",
    },
  },
  {
    name: "arguments by name are lost",
    delivered: withParts(([args, , embed]) => [args, {}, embed]),
    caughtBy: { "work.run.kwargs": "fail $.steps[1].await.value" },
  },
  {
    name: "the header retries is not read",
    delivered: withHeaders({ retries: 0 }),
    caughtBy: { "work.meta.retries": "fail $.steps[1].await.value.retries differs" },
  },
  {
    name: "a task does not know its root",
    delivered: (message) => withHeaders({ root_id: message.headers["id"], parent_id: null })(message),
    caughtBy: { "work.meta.family": "fail $.steps[1].await.value.root_id differs" },
  },
  {
    name: "a task does not know its group",
    delivered: withHeaders({ group: null }),
    caughtBy: { "work.meta.group": "fail $.steps[1].await.value.group differs" },
  },
  {
    name: "the caller's headers are lost",
    delivered: (message) => {
      const own = Object.entries(message.headers).filter(([name]) => !name.startsWith("x-"));
      return { ...message, headers: Object.fromEntries(own) };
    },
    caughtBy: { "work.meta.headers": "fail $.steps[1].await.value.headers" },
  },
  {
    name: "the header ignore_result is not read",
    delivered: withHeaders({ ignore_result: false }),
    caughtBy: { "work.ignored.header": "differs: header ignore_result says that nothing is stored" },
  },
  {
    name: "time limits are not kept",
    delivered: withHeaders({ timelimit: [null, null] }),
    isLoss: true,
    caughtBy: { "work.limits.soft": "fail $.steps[1].await differs: SoftTimeLimitExceeded is raised" },
  },
  {
    name: "messages of protocol 1 are forgotten",
    delivered: (message) =>
      (bodyOf(message) as { readonly task?: unknown } | undefined)?.task === undefined ? message : undefined,
    isLoss: true,
    caughtBy: {
      "work.protocol1.args": "fail $.steps[1].await differs: a message of protocol 1 has the call",
    },
  },
];

/** Of messages that no task comes of. */
export const REFUSING_FAULTS: readonly LiveMutant[] = [
  {
    name: "messages that cannot be read are forgotten",
    delivered: (message) => (isUnreadable(message) ? undefined : message),
    isLoss: true,
    caughtBy: { "hostile.body.not-json": "warn $.steps[2].await differs: whoever waits for it must be told" },
  },
  {
    name: "a message that cannot be read ends the worker",
    delivered: dies(isUnreadable),
    isLoss: true,
    caughtBy: {
      "hostile.body.not-json":
        "fail $.steps[1].canary differs: a worker that got it must go on with the next message",
    },
  },
  {
    name: "a task that nobody has ends the worker",
    delivered: dies(isUnknown),
    isLoss: true,
    caughtBy: { "work.unknown.task": "fail $.steps[1].canary differs: a task that nobody has must not end" },
  },
];
