/** The answer to most requests that send a task: 202, and where to look for it. */
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { taskLinks } from "./task-view.ts";

/** All that such an answer is made from. */
export interface AcceptedSummary {
  readonly id: string;
  readonly task: string;
  readonly state: string;
}

/** `headers` beside `location`. */
export function acceptedAnswer(
  { base }: Exchange,
  { id, task, state }: AcceptedSummary,
  headers?: Readonly<Record<string, string>>,
): Answer {
  const { self, result, events } = taskLinks(id, base);
  // Written by hand, this being the busiest answer of all: ids and task names have no characters that JSON escapes.
  const text = `{"id":"${id}","task":"${task}","state":"${state}","links":{"self":"${self}","result":"${result}","events":"${events}"}}`;
  return headers === undefined
    ? { ...jsonAnswer(202, text, { location: self }), accepted: { id, task, state } }
    : jsonAnswer(202, text, { location: self, ...headers });
}
