/** Sends a workflow for a caller: checked canvas in, all of its messages confirmed out. */
import { sendPlan } from "../../app/index.ts";
import { queueFor } from "../access/tenants.ts";
import { type Answer, jsonAnswer } from "../answer.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { toProblem } from "../http-status.ts";
import type { FirstRun } from "../idempotency/idempotency.ts";
import { type Preference, readPreference } from "../prefer.ts";
import { Problem } from "../problems.ts";
import { requirePlainUnlessAllowed } from "../reserved-envelope.ts";
import { type Ownership, ownedBy } from "../task-entry.ts";
import type { TaskEntry } from "../task-index.ts";
import { viewOptions } from "../task-text.ts";
import { writeJson } from "../task-view.ts";
import { traceHeaders } from "../trace-headers.ts";
import type { ReservedWait } from "../waits.ts";
import { lookAgain, type Workflow } from "./look.ts";
import { type PlannedTask, planWorkflow, type WorkflowPlan } from "./plan-workflow.ts";
import { readCanvas } from "./read-canvas.ts";
import { waitForEnd } from "./wait-for-end.ts";
import { toWorkflowView, workflowLinks } from "./workflow-view.ts";

/**
 * Answers 202 once the broker has every message that starts the workflow; or 200 with its result when the caller prefers
 * to wait and it ends in time. Nothing is sent before all of the canvas is checked.
 */
export async function submitWorkflow(
  exchange: Exchange,
  gateway: GatewayContext,
  body: unknown,
  run?: FirstRun,
): Promise<Answer> {
  const { app, limits, waits, checkTask } = gateway;
  const canvas = readCanvas(body, {
    maxTasks: limits.workflowTasks,
    maxDepth: limits.workflowDepth,
    checkTask: (task) => checkTask(exchange, task),
    checkValue: (value, pointer) => requirePlainUnlessAllowed(exchange.caller, value, pointer),
    placeOf: (call) => queueFor(exchange.caller, app, call),
    headers: traceHeaders(exchange),
  });
  const planned = await planWorkflow(app, canvas, { maxBytes: limits.workflowBytes, seed: run?.taskId });
  // A lost run of the same key has sent it already.
  const isSent = run?.isTakeover === true && (await gateway.workflows.find(planned.id)) !== undefined;
  if (exchange.allowance !== undefined && !isSent)
    await exchange.allowance.take("submit", planned.tasks.length);
  const preference = readPreference(exchange.req.headers["prefer"], gateway.waitMaxSeconds);
  const wait = preference.waitSeconds > 0 && app.keepsResults ? waits.reserve(exchange) : undefined;
  try {
    if (!isSent) await send(exchange, gateway, planned);
    const workflow = wait === undefined ? undefined : await result(gateway, planned, preference, wait);
    return answer(exchange, gateway, planned, preference, workflow);
  } finally {
    wait?.release();
  }
}

/** When the broker or the gateway's own store fails halfway, the caller learns the ids: what was sent can be looked at, and revoked. */
async function send(exchange: Exchange, gateway: GatewayContext, planned: WorkflowPlan): Promise<void> {
  const { plan, id } = planned;
  try {
    await sendPlan(gateway.app, plan);
  } catch (error) {
    if (plan.steps.length === 1) throw toProblem(error);
    await remember(exchange, gateway, planned).catch((failure: unknown) => {
      gateway.logger.warn({ err: failure, workflowId: id }, "A workflow that was sent in part is not known");
    });
    throw halfway(exchange, planned, error);
  }
  await remember(exchange, gateway, planned).catch((error: unknown) => {
    throw halfway(exchange, planned, error);
  });
  if (gateway.audit !== undefined)
    for (const task of planned.tasks) exchange.noteSent({ id: task.id, task: task.call.task });
}

function halfway({ base }: Exchange, { id, rootId }: WorkflowPlan, error: unknown): Problem {
  const { type, message, options } = toProblem(error);
  const { self } = workflowLinks(id, base);
  return new Problem(type, {
    ...options,
    detail: `${message} Some tasks of the workflow may have been sent: DELETE ${self} revokes them.`,
    members: { ...options.members, id, root_id: rootId },
    headers: { ...options.headers, location: self },
  });
}

async function remember(
  exchange: Exchange,
  gateway: GatewayContext,
  { id, rootId, nodes, tasks }: WorkflowPlan,
): Promise<void> {
  const submittedAtMs = Date.now();
  const owner = ownedBy(exchange.caller);
  const entries = tasks.map((task) => ({ ...toEntry(gateway, task, submittedAtMs), ...owner }));
  await gateway.tracker.accept(...entries);
  for (const entry of entries) gateway.history?.accepted(exchange, entry, submittedAtMs);
  await gateway.workflows.record({ id, rootId, nodes, submittedAtMs });
}

function toEntry(
  { app }: GatewayContext,
  { id, call }: PlannedTask,
  submittedAtMs: number,
): Omit<TaskEntry, keyof Ownership> {
  const { queue, eta, ignore_result: ignoreResult } = call.options;
  const route = app.router.route(
    call.task,
    call.args,
    call.kwargs,
    typeof queue === "string" ? { queue } : {},
  );
  return {
    id,
    task: call.task,
    queue: route.queue?.name ?? route.routingKey,
    state: "PENDING",
    submittedAtMs,
    doneAtMs: null,
    etaMs: typeof eta === "string" ? Date.parse(eta) : null,
    ignoreResult: ignoreResult === true || app.settings.taskIgnoreResult,
  };
}

/** The workflow once it has ended; undefined when it has not within the time. */
async function result(
  gateway: GatewayContext,
  planned: WorkflowPlan,
  { waitSeconds }: Preference,
  { signal }: ReservedWait,
): Promise<Workflow | undefined> {
  const { id, rootId, nodes, plan } = planned;
  try {
    await waitForEnd(gateway.app, plan.result, { timeoutMs: waitSeconds * 1000, signal });
    const record = await gateway.workflows.find(id);
    const workflow = await lookAgain(gateway, {
      id,
      record: record ?? { id, rootId, nodes, submittedAtMs: Date.now() },
    });
    return workflow.outcome.terminal ? workflow : undefined;
  } catch (error) {
    // The workflow is on its way all the same, and the caller must learn its id.
    gateway.logger.warn({ err: error, workflowId: id }, "A workflow could not be waited for");
    return undefined;
  }
}

function answer(
  exchange: Exchange,
  gateway: GatewayContext,
  { id, rootId, nodes }: WorkflowPlan,
  { applied }: Preference,
  ended: Workflow | undefined,
): Answer {
  const links = workflowLinks(id, exchange.base);
  const headers = {
    location: links.self,
    ...(applied === undefined ? {} : { "preference-applied": applied }),
  };
  if (ended === undefined) {
    const accepted = { id, root_id: rootId, state: "PENDING", results: nodes, links };
    return jsonAnswer(202, JSON.stringify(accepted), headers);
  }
  return jsonAnswer(200, finalText(exchange, gateway, ended, links.self), headers);
}

/** A result without a JSON form must not hide the id of a workflow that ran. */
function finalText(
  exchange: Exchange,
  gateway: GatewayContext,
  workflow: Workflow,
  location: string,
): string {
  try {
    return writeJson(toWorkflowView(workflow, viewOptions(exchange, gateway)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.type, { ...error.options, members: { id: workflow.id }, headers: { location } });
  }
}
