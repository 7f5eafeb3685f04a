/** Faults of workers in obeying commands, and in the events that they tell. */
import type { PlainObject, Route, WireMessage } from "../../../protocol/index.ts";
import { type LiveMutant, withBody, withEvents, withMethod } from "./live-mutant.ts";

interface Pong extends PlainObject {
  readonly ok: string;
}

/** Replies of workers are an object by node name. */
const isReply = (body: unknown): body is Readonly<Record<string, Pong>> =>
  typeof body === "object" && body !== null && Object.values(body).some((reply) => reply?.ok === "pong");

export const CONTROL_FAULTS: readonly LiveMutant[] = [
  {
    name: "the command revoke is ignored",
    delivered: withMethod("revoke", "ping"),
    caughtBy: { "control.revoke.before-it-comes": "fail $.steps[2].await.state differs" },
  },
  {
    name: "the command rate_limit is ignored",
    delivered: withMethod("rate_limit", "ping"),
    caughtBy: {
      "control.rate-limit.answer": "fail $.steps[0].control.answer.ok differs",
      "control.rate-limit.holds": "fail $.steps[5].absent differs: the second task of a minute ran",
    },
  },
  {
    name: "ping is answered wrongly",
    published: (message: WireMessage, route: Route) => [
      {
        message: withBody(message, isReply, (replies) =>
          Object.fromEntries(Object.keys(replies).map((node) => [node, { ok: "PONG" }])),
        ),
        route,
      },
    ],
    caughtBy: { "control.ping": "fail $.steps[0].control.answer.ok differs" },
  },
  {
    name: "no event task-started is sent",
    published: withEvents((event) => (event.type === "task-started" ? [] : [event])),
    isLoss: true,
    caughtBy: {
      "events.task-started": "fail $.steps[2].event differs: no event task-started of t1 was sent",
    },
  },
  {
    name: "events have an id of their own",
    published: withEvents((event) => [{ ...event, uuid: "00000000-0000-4000-8000-00000000000e" }]),
    isLoss: true,
    caughtBy: { "events.task-succeeded": "fail $.steps[2].event differs: no event task-succeeded of t1" },
  },
  {
    name: "task-succeeded does not tell the result",
    published: withEvents(({ result: _, ...event }) => [event]),
    isLoss: true,
    caughtBy: { "events.task-succeeded": "fail $.steps[2].event.event.result differs" },
  },
  {
    name: "events do not tell their worker",
    published: withEvents(({ hostname: _, ...event }) => [event]),
    isLoss: true,
    caughtBy: { "events.common-fields": "fail $.steps[1].event" },
  },
];
