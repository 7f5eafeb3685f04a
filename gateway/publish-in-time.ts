/** Publishing, for a caller who waits: an answer comes within the deadline of the app, whatever the broker does. */
import type { App, PreparedTask } from "../app/index.ts";
import { BrokerError } from "../protocol/index.ts";

/** Part of `taskPublishDeadline` that the broker may take; the rest is for the answer. */
const PART = 0.9;

/** Rejects with BrokerError `broker_unconfirmed` for a broker that keeps its connection open and does not answer. */
export function publishInTime(app: App, prepared: PreparedTask): Promise<void> {
  const seconds = app.settings.taskPublishDeadline * PART;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `The broker has not confirmed task ${prepared.id} within ${seconds} s; it may have it.`;
      reject(new BrokerError("broker_unconfirmed", message));
    }, seconds * 1000);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    app.publish(prepared).then(done, (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
