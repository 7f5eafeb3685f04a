/** Messages per second that one process can send: `tasks.add(2, 3)`, json, protocol 2, to a durable queue. */
import {
  type Bench,
  type Contender,
  nodeProgram,
  PER_SECOND,
  pythonProgram,
  type Run,
} from "../lib/bench.ts";
import { expectQueueLength } from "../lib/servers.ts";

/** Unmeasured messages first, for the just-in-time compiler, as a part of the measured ones. */
const WARM_UP = 0.1;
const LANES = 1000;

export const producerRedis: Bench = {
  name: "producer-redis",
  title: "messages sent to Redis, 1000 in flight, Python one by one",
  servers: ["redis"],
  count: 50_000,
  metrics: [PER_SECOND],
  contenders: [
    celerity("redis"),
    floor("redis", "ioredis: v2 envelope by hand, LPUSH"),
    python("redis", "Celery apply_async, results ignored", { ignoreResult: true }),
    python("redis", "Celery apply_async, results on", { ignoreResult: false }),
  ],
};

export const producerAmqp: Bench = {
  name: "producer-amqp",
  title: "persistent messages sent to RabbitMQ, 1000 in flight, Python one by one",
  servers: ["rabbitmq"],
  count: 30_000,
  metrics: [PER_SECOND],
  contenders: [
    celerity("rabbitmq"),
    floor("rabbitmq", "amqplib: v2 message by hand, confirms"),
    python("rabbitmq", "Celery apply_async, confirms", { ignoreResult: true, confirms: true }),
    python("rabbitmq", "Celery apply_async, no confirms", { ignoreResult: true, confirms: false }),
  ],
};

type Broker = "redis" | "rabbitmq";

function celerity(broker: Broker): Contender {
  return {
    name: "Celerity app.sendTask",
    role: "celerity",
    program: (run) => nodeProgram("producer/celerity", input(run, broker)),
    check: checkQueue(broker),
  };
}

function floor(broker: Broker, name: string): Contender {
  return {
    name,
    role: "floor",
    program: (run) => nodeProgram(`producer/floor-${broker}`, input(run, broker)),
    check: checkQueue(broker),
  };
}

function python(broker: Broker, name: string, options: object): Contender {
  return {
    name,
    role: "python",
    share: 0.1,
    program: (run) =>
      pythonProgram("producer/python", { ...input(run, broker), results: run.resultsUrl, ...options }),
    check: checkQueue(broker),
  };
}

/** What the sending programs are told. */
export interface ProducerInput {
  readonly broker: string;
  readonly count: number;
  readonly warmUp: number;
  readonly lanes: number;
}

function input({ urls, count }: Run, broker: Broker): ProducerInput {
  return { broker: urls[broker], count, warmUp: warmUp(count), lanes: LANES };
}

function warmUp(count: number): number {
  return Math.ceil(count * WARM_UP);
}

function checkQueue(broker: Broker) {
  return ({ urls, count }: Run): Promise<void> => expectQueueLength(urls[broker], count + warmUp(count));
}
