/** A workflow as server-sent events: what changes between two looks at it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayContext } from "../context.ts";
import type { EventStream } from "../event-stream.ts";
import { type ViewOptions, writeJson } from "../task-view.ts";
import { lookAgain, type Workflow } from "./look.ts";
import { toWorkflowView } from "./workflow-view.ts";

/** Time between two looks. */
const LOOK_MS = 1000;

/** Sends events until the workflow has ended or `signal` says that nobody reads them. Rejects when it cannot be looked at. */
export async function followWorkflow(
  gateway: GatewayContext,
  stream: EventStream,
  first: Workflow,
  { options, signal }: { readonly options: ViewOptions; readonly signal: AbortSignal },
): Promise<void> {
  const states = new Map<string, string>();
  let counted = "";
  for (let workflow = first; ; workflow = await lookAgain(gateway, first)) {
    if (signal.aborted) return;
    for (const { id, kind, name, state = "PENDING" } of workflow.graph.nodes) {
      if (kind === "group" || states.get(id) === state) continue;
      states.set(id, state);
      stream.send("state", writeJson({ id, ...(name === undefined ? {} : { task: name }), state }));
    }
    const { result, error, failed_task: failedTask, ...progress } = toWorkflowView(workflow, options);
    const { state, total, ended, counts } = progress;
    const text = writeJson({ id: workflow.id, state, total, ended, counts });
    if (text !== counted) stream.send("progress", text);
    counted = text;
    if (progress.terminal) {
      const outcome = error === undefined ? { result } : { error, failed_task: failedTask };
      stream.send("result", writeJson({ ...progress, ...outcome }));
      stream.end("end", writeJson({ id: workflow.id, state }));
      return;
    }
    await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
