/** Writes a late answer where the worker that waits for it looks (app/task-completion.ts). */
import { randomUUID } from "node:crypto";
import {
  type App,
  answerEntry,
  completionId,
  completionTokens,
  type LateAnswer,
  readCompletion,
} from "../../app/index.ts";
import { isReady } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";

/** Throws Problem `not-found` for a token that opens nothing: nobody learns which part of the URL is wrong. */
export function requireToken({ settings }: App, taskId: string, token: string): void {
  const secret = settings.httpTasksCompletionSecret;
  if (secret !== null && completionTokens(secret).isRight(taskId, token)) return;
  throw new Problem("not-found", { detail: "No task waits for an answer here." });
}

/** Resolves when the store has the answer. Throws Problem `already-answered`, also for a task that has ended. */
export async function complete(app: App, taskId: string, token: string, answer: LateAnswer): Promise<void> {
  const backend = app.keepsResults ? await app.backend() : undefined;
  if (backend?.shared !== true) throw new Problem("results-disabled");
  const id = completionId(taskId, token);
  const [task, known] = await Promise.all([backend.get(taskId), readCompletion(backend, id)]);
  const hasEnded = task !== undefined && isReady(task.status);
  if (hasEnded || known.state === "answered") throw alreadyAnswered(taskId);
  const receipt = randomUUID();
  await backend.store([answerEntry(id, answer, receipt)]);
  // Of two that come at once the store keeps one.
  const kept = await readCompletion(backend, id);
  if (kept.state === "answered" && kept.receipt !== receipt) throw alreadyAnswered(taskId);
}

function alreadyAnswered(id: string): Problem {
  return new Problem("already-answered", { members: { id } });
}
