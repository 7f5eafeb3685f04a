/**
 * Lets producers leave tasks with an ETA to RabbitMQ, as Celery's worker does where there are quorum queues. Source:
 * celery/worker/consumer/delayed_delivery.py.
 */
import { isQuorumQueue } from "../../transports/index.ts";
import type { Bootstep } from "../bootstep.ts";

export const delayedDeliveryStep: Bootstep = {
  name: "delayed-delivery",
  async start(worker) {
    const { connection } = worker.requireParts();
    if (connection.capabilities.nativeDelay !== true || !worker.queues.some(isQuorumQueue)) return;
    try {
      await connection.declareDelays(worker.queues);
    } catch (error) {
      worker.warn("Delayed delivery is not available; tasks with an ETA wait in the worker", error);
    }
  },
};
