import type { GatewayContext } from "./context.ts";
import { endTask } from "./held/held-tasks.ts";

/** Takes a task back, wherever it is. Rejects with ConfigurationError where workers cannot be told. */
export async function callOff(
  { app, index, heldTasks, revoke }: GatewayContext,
  id: string,
  how: Parameters<GatewayContext["revoke"]>[1] = {},
): Promise<void> {
  if (await heldTasks.drop(id)) {
    const exception = {
      exc_type: "TaskRevokedError",
      exc_message: ["revoked"],
      exc_module: "celery.exceptions",
    };
    await endTask({ app, index }, id, "REVOKED", exception);
  } else await revoke([id], how);
}
