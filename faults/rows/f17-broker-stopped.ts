import { breakBroker } from "../lib/broken-broker.ts";
import type { Fault } from "../lib/fault.ts";

const STOP_SECONDS = 30;

/** The broker's connections stay open, and nobody answers. */
export const brokerStopped: Fault = {
  name: "F17",
  what: `SIGSTOP of the broker for ${STOP_SECONDS} s (--seconds), while the gateway is asked; then SIGCONT`,
  brokers: ["redis", "rabbitmq"],
  ownServers: true,
  async run(scene) {
    const { broker } = scene.servers;
    return await breakBroker(scene, {
      what: "SIGSTOP of the broker",
      recoveryLimit: 5,
      seconds: scene.options.seconds ?? STOP_SECONDS,
      underWay: () => scene.untilUnderWay(),
      async begin() {
        broker?.pause();
      },
      async end() {
        broker?.resume();
      },
    });
  },
};
