import type { Fault } from "../lib/fault.ts";
import { killUnderLoad } from "../lib/kill.ts";

const ONE = "one of two";
const ALL = "all, a new one starts";

/** RabbitMQ notices by itself that a connection is gone. */
export const killOnRabbitMq: Fault = {
  name: "F2",
  what: "kill -9 of workers with their processes, under load",
  brokers: ["rabbitmq"],
  cases: [
    { name: ONE },
    { name: ALL },
    { name: `${ONE}, quorum queue`, queueType: "quorum" },
    { name: `${ALL}, quorum queue`, queueType: "quorum" },
  ],
  run: (scene) => killUnderLoad(scene, { all: scene.options.form.name.startsWith(ALL), recoveryLimit: 2 }),
};
