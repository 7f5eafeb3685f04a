/** Sends a task that is planned, or holds it until its time, and takes note of it. */
import type { GatewayContext } from "./context.ts";
import type { HeldTask } from "./held/held-task.ts";
import { toProblem } from "./http-status.ts";
import type { Plan } from "./plan-task.ts";
import { Problem } from "./problems.ts";
import type { TaskEntry } from "./task-index.ts";
import type { Audience } from "./webhooks/callback.ts";

/** Publishes or holds, and takes note; resolves with what it noted. */
export async function sendTask(gateway: GatewayContext, plan: Plan): Promise<TaskEntry> {
  const { publishing, heldTasks, tracker, taskFeed, facts } = gateway;
  const { holdUntilMs } = plan;
  const startedAtMs = performance.now();
  await withCallbacks(gateway, plan, () =>
    holdUntilMs === undefined
      ? publishing.publish(plan.prepared)
      : heldTasks.hold(toHeldTask(plan), holdUntilMs),
  );
  facts.submitted((performance.now() - startedAtMs) / 1000);
  // It counts from when the broker had it, not from when the caller began to wait for the broker.
  const entry = holdUntilMs === undefined ? { ...plan.entry, submittedAtMs: Date.now() } : plan.entry;
  try {
    await tracker.accept(entry);
  } catch (error) {
    throw sentButNotNoted(error, entry);
  }
  taskFeed.announce(entry);
  return entry;
}

/** No 202 for an id that a restarted gateway would not know: but the caller must learn that the task is on its way. */
export function sentButNotNoted(error: unknown, { id }: TaskEntry): Problem {
  const problem = toProblem(error);
  return new Problem(problem.type, {
    ...problem.options,
    detail: `The task ${id} was sent, but could not be noted in the gateway's own store: its state may not be known here.`,
    members: { ...problem.options.members, id },
  });
}

/** The callback is written down before the task is sent: a process that dies in between loses neither. */
export function withCallbacks(
  gateway: GatewayContext,
  { entry, audience }: Plan,
  submit: () => Promise<void>,
): Promise<void> {
  return audience === undefined ? submit() : submitRegistered(gateway, entry, audience, submit);
}

async function submitRegistered(
  { webhooks }: GatewayContext,
  entry: TaskEntry,
  audience: Audience,
  submit: () => Promise<void>,
): Promise<void> {
  await webhooks.register(entry, audience);
  try {
    await submit();
  } catch (error) {
    await webhooks.forget(entry.id);
    throw error;
  }
}

/** The task as it lies in the store: it will be due when it is sent, and its expiry counts from now. */
export function toHeldTask(
  { prepared, options, entry }: Plan,
  wait?: { readonly id: string; readonly after: string; readonly untilMs: number },
): HeldTask {
  const { eta: _eta, countdown: _countdown, ...rest } = options;
  const { expires } = prepared.call;
  return {
    task: prepared.call.task,
    entry: { ...entry, state: "SCHEDULED", ...(wait === undefined ? {} : { id: wait.id }) },
    options: {
      ...rest,
      ...(typeof expires === "string" ? { expires } : {}),
      ...(wait === undefined ? {} : { taskId: wait.id }),
    },
    ...(wait === undefined ? {} : { after: wait.after, afterUntilMs: wait.untilMs }),
  };
}
