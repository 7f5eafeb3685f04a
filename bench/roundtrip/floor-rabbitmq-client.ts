/** One bare hop there and one back, without confirms. */
import { connect } from "amqplib";
import { latencies, readInput, report } from "../lib/child.ts";
import { taskMessage, taskProperties } from "../lib/message.ts";
import type { RoundtripInput } from "./bench.ts";

const { broker, count, warmUp } = readInput<RoundtripInput>();
const connection = await connect(broker, { noDelay: true });
const channel = await connection.createChannel();
const { queue: replyTo } = await channel.assertQueue("", { exclusive: true });
let answered = (): void => undefined;
await channel.consume(replyTo, () => answered(), { noAck: true });

const call = (): Promise<void> =>
  new Promise((resolve) => {
    answered = resolve;
    const message = taskMessage();
    channel.sendToQueue("celery", message.body, { ...taskProperties(message), replyTo });
  });

report(await latencies(count, warmUp, call));
await connection.close();
