/** Every kind of step, and what does it. */
import type { Step } from "../../suite/scenario.ts";
import type { Difference } from "../../values/compare.ts";
import type { Perform, Stage } from "../stage.ts";
import { http } from "./http.ts";
import { drain, kill, pause, start } from "./life.ts";
import { dead, publish, put, queue, take } from "./messages.ts";
import { control, event, noEvent } from "./monitoring.ts";
import { absent, awaitResult, canary, result, store } from "./results.ts";
import { expires, told } from "./stored.ts";

const STEPS: { readonly [Kind in Step["do"]]: Perform<Kind> } = {
  put,
  publish,
  take,
  await: awaitResult,
  absent,
  told,
  expires,
  canary,
  control,
  event,
  "no-event": noEvent,
  queue,
  dead,
  kill,
  drain,
  start,
  store,
  result,
  http,
  pause,
};

/** Does a step; resolves to what is wrong. */
export function perform<Kind extends Step["do"]>(
  step: Extract<Step, { readonly do: Kind }>,
  stage: Stage,
): Promise<readonly Difference[]> {
  const kind: Kind = step.do as Kind;
  const act: Perform<Kind> = STEPS[kind];
  return act(step, stage);
}
