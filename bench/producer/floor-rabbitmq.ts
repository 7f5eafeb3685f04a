/** The least a producer can do on RabbitMQ: build the message, publish it, wait for the confirmation. */
import { connect } from "amqplib";
import { inFlight, readInput, report, Stopwatch } from "../lib/child.ts";
import { taskMessage, taskProperties } from "../lib/message.ts";
import type { ProducerInput } from "./bench.ts";

const { broker, count, warmUp, lanes } = readInput<ProducerInput>();
const connection = await connect(broker, { noDelay: true });
const channel = await connection.createConfirmChannel();
await channel.assertQueue("celery", { durable: true });

// No wait for "drain": the number of messages in flight bounds what the socket buffers.
const send = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const message = taskMessage();
    channel.sendToQueue("celery", message.body, taskProperties(message), (error) =>
      error === null ? resolve() : reject(error),
    );
  });

await inFlight(warmUp, lanes, send);
const watch = new Stopwatch();
await inFlight(count, lanes, send);
report(watch.rate(count));
await connection.close();
