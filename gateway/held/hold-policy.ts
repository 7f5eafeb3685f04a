/**
 * Which delayed tasks the gateway keeps to itself until they are due. A worker that gets a task early holds it unacknowledged,
 * and a broker that waits too long for the acknowledgement hands it out again: the task then runs more than once.
 */
import type { Settings } from "../../app/index.ts";

/** Half of a visibility timeout, so that clocks and queues have room. Redis: kombu's default is an hour. */
const VISIBILITY_SECONDS: Readonly<Record<string, number>> = {
  redis: 3600,
  rediss: 3600,
  sentinel: 3600,
  sqs: 1800,
};
/** RabbitMQ closes the channel of a consumer that has not acknowledged for 30 minutes (consumer_timeout). */
const ACK_SECONDS: Readonly<Record<string, number>> = { amqp: 1800, amqps: 1800, pyamqp: 1800 };

/** Seconds of delay from which on a task is held; Infinity where the broker can keep it as long as it likes. */
export function holdAfterSeconds({ brokerUrl, brokerTransportOptions }: Settings): number {
  const [url = ""] = typeof brokerUrl === "string" ? [brokerUrl] : brokerUrl;
  const scheme = /^[a-z]*/.exec(url)?.[0] ?? "";
  const set = Number(
    brokerTransportOptions["visibilityTimeout"] ?? brokerTransportOptions["visibility_timeout"],
  );
  const limit = VISIBILITY_SECONDS[scheme];
  if (limit !== undefined) return (set > 0 ? set : limit) / 2;
  return (ACK_SECONDS[scheme] ?? Number.POSITIVE_INFINITY) / 2;
}
