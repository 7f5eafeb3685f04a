/** Faults of workers in telling the broker what became of a message: they show when a worker ends. */
import { isUnreadable, type LiveMutant, proxied } from "./live-mutant.ts";

const nothing = (): void => undefined;

export const SETTLING_FAULTS: readonly LiveMutant[] = [
  {
    name: "messages are acknowledged before they run",
    handled: (delivery) => {
      delivery.ack();
      return [proxied(delivery, { ack: nothing, reject: nothing })];
    },
    caughtBy: {
      "delivery.worker-killed.late-runs-again":
        "fail $.steps[5].await differs: a message that was not acknowledged must be run by the next worker",
    },
  },
  {
    name: "messages are never acknowledged",
    handled: (delivery) => [proxied(delivery, { ack: nothing })],
    caughtBy: {
      "work.acks.success":
        "fail $.steps[3].queue differs: a message is acknowledged when its task ends: a worker that stops leaves none",
    },
  },
  {
    name: "messages that cannot be read are put back for ever",
    handled: (delivery) => {
      if (delivery.message === undefined || !isUnreadable(delivery.message)) return [delivery];
      setTimeout(() => delivery.reject({ requeue: true }), 100);
      return [];
    },
    caughtBy: {
      "once.acks.bad-body":
        "fail $.steps[3].queue differs: a message that cannot be read is not put back for ever",
    },
  },
];
