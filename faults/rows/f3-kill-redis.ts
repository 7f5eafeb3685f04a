import type { Fault } from "../lib/fault.ts";
import { killUnderLoad } from "../lib/kill.ts";

/** With kombu what a dead worker held waits for the visibility timeout; here for its lease, whatever the timeout is. */
export const killOnRedis: Fault = {
  name: "F3",
  what: "kill -9 of workers with their processes, under load, with two visibility timeouts",
  brokers: ["redis"],
  cases: [
    { name: "one of two, 10 s", transportOptions: { visibilityTimeout: 10 } },
    { name: "one of two, 3600 s", transportOptions: { visibilityTimeout: 3600 } },
    { name: "all, 3600 s", transportOptions: { visibilityTimeout: 3600 } },
  ],
  run: (scene) => killUnderLoad(scene, { all: scene.options.form.name.startsWith("all"), recoveryLimit: 20 }),
};
