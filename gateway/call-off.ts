import type { GatewayContext } from "./context.ts";
import { endTask } from "./held/held-tasks.ts";
import type { EventFacts } from "./history/event.ts";

/** In a history: whether the task ends so is not known yet. */
export const TOLD_WORKERS: EventFacts = { detail: "workers were told" };

/** Takes a task back, wherever it is. Rejects with ConfigurationError where workers cannot be told. */
export async function callOff(
  { app, index, heldTasks, revoke, history }: GatewayContext,
  id: string,
  how: Parameters<GatewayContext["revoke"]>[1] = {},
): Promise<void> {
  if (await heldTasks.drop(id)) {
    const exception = {
      exc_type: "TaskRevokedError",
      exc_message: ["revoked"],
      exc_module: "celery.exceptions",
    };
    const task = (await index.find(id))?.task;
    await endTask({ app, index }, id, "REVOKED", exception);
    history?.did("revoked", { id, task }, { state: "REVOKED" });
  } else {
    await revoke([id], how);
    history?.did("revoked", { id }, TOLD_WORKERS);
  }
}
