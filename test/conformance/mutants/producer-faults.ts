/** Faults of producers that show at a broker only. */
import { type PlainObject, type Route, type WireMessage, writeEnvelope } from "../../../protocol/index.ts";
import { isTask, type LiveMutant, type Sent, sent, withHeaders } from "./live-mutant.ts";

/** Kombu's envelope of a task message, with another text. */
const enveloped =
  (change: (envelope: PlainObject) => PlainObject) =>
  (message: WireMessage, route: Route): readonly Sent[] => {
    if (!isTask(message)) return [{ message, route }];
    const envelope = JSON.parse(writeEnvelope(message, route, "9d2c5d6b-0000-4000-8000-000000000001"));
    return [{ envelope: JSON.stringify(change(envelope)), queue: route.routingKey }];
  };

/** The envelope without some of its properties. */
const without = (...names: readonly string[]) =>
  enveloped(({ properties, ...envelope }) => {
    const kept = Object.entries(properties as PlainObject).filter(([name]) => !names.includes(name));
    return { ...envelope, properties: Object.fromEntries(kept) };
  });

/** Redis has a list for each of four priorities. */
const inListOf =
  (suffix: (priority: number) => string) =>
  (message: WireMessage, route: Route): readonly Sent[] => {
    const { priority } = message.properties;
    const envelope = writeEnvelope(message, route, "9d2c5d6b-0000-4000-8000-000000000001");
    return isTask(message)
      ? [{ envelope, queue: route.routingKey + suffix(priority) }]
      : [{ message, route }];
  };

export const PRODUCER_FAULTS: readonly LiveMutant[] = [
  {
    name: "lists of priorities have another separator",
    published: inListOf((priority) => (priority === 0 ? "" : `:${priority}`)),
    isLoss: true,
    caughtBy: {
      "produce.priority.redis-3-before-6":
        "fail $.steps[2].take differs: with Redis priority 3 is served before 6: each of 0, 3, 6 and 9 has a list of its own",
    },
  },
  {
    name: "all priorities go into one list",
    published: inListOf(() => ""),
    caughtBy: {
      "produce.priority.redis-0-before-9": "differs: with Redis priority 0 is served before 9",
      "produce.priority.redis-3-before-6": "differs: with Redis priority 3 is served before 6",
    },
  },
  {
    name: "a priority between the steps has a list of its own",
    published: inListOf((priority) => (priority === 0 ? "" : `\x06\x16${priority}`)),
    caughtBy: {
      "produce.priority.redis-between": "a priority between the steps goes into the list of the step below",
    },
  },
  {
    name: "the body in the envelope is not base64",
    published: enveloped(({ body, ...envelope }) => ({
      ...envelope,
      body: Buffer.from(String(body), "base64").toString(),
    })),
    caughtBy: { "produce.publish.args": "fail $.steps[1].take differs: a published call is a message" },
  },
  {
    name: "the envelope has no delivery_tag",
    published: without("delivery_tag"),
    caughtBy: { "produce.publish.args": "fail $.steps[1].take.envelope.properties.delivery_tag differs" },
  },
  {
    name: "the envelope has no delivery_info",
    published: without("delivery_info"),
    caughtBy: { "produce.publish.args": "fail $.steps[1].take.envelope.properties.delivery_info differs" },
  },
  {
    name: "the envelope does not say that its body is base64",
    published: without("body_encoding"),
    caughtBy: { "produce.publish.args": "fail $.steps[1].take" },
  },
  {
    name: "the option queue is ignored",
    published: (message, route) => [
      { message, route: { ...route, routingKey: route.routingKey.replace(/\.other$/, "") } },
    ],
    isLoss: true,
    caughtBy: { "produce.queue.option": "fail $.steps[1].take differs: the option queue decides" },
  },
  {
    name: "a message is sent twice",
    published: (message, route) => [
      { message, route },
      { message, route },
    ],
    isLoss: true,
    caughtBy: { "produce.queue.counts": "fail $.steps[5].queue differs: publishing has ended" },
  },
  {
    name: "the group of a call is lost",
    published: sent(withHeaders({ group: null, group_index: null })),
    caughtBy: { "produce.publish.group": "fail $.steps[1].take.group differs: group and group_index" },
  },
  {
    name: "root_id of a call is its own id",
    published: sent((message) => withHeaders({ root_id: message.headers["id"] })(message)),
    caughtBy: {
      "produce.publish.root-parent": "warn $.steps[1].take.root_id differs: root_id and parent_id",
    },
  },
  {
    name: "retries of a call are lost",
    published: sent(withHeaders({ retries: 0 })),
    caughtBy: { "produce.publish.retries": "fail $.steps[1].take.retries differs: retries that are given" },
  },
  {
    name: "the caller's id is replaced by another",
    published: sent((message) => withHeaders({ id: "00000000-0000-4000-8000-00000000000f" })(message)),
    caughtBy: { "produce.publish.task-id": "fail $.steps[1].take.id differs: task_id may be any text" },
  },
];
