/** `celery.map` and `celery.starmap`: one message that calls a task for each item, one after the other. */
import { type App, bindArguments, type TaskContext } from "../../app/index.ts";
import { DecodeError, parseSignature } from "../../protocol/index.ts";

/** How an item becomes the arguments of a call. */
const MAPS: Readonly<Record<string, (item: unknown) => readonly unknown[]>> = {
  "celery.map": (item) => [item],
  "celery.starmap": (item) => readList(item, "Each item of celery.starmap"),
};

/** Registers both, unless the app has some of its own. */
export function registerMaps(app: App): void {
  for (const [name, toArgs] of Object.entries(MAPS)) {
    if (app.tasks.has(name)) continue;
    const run = (self: TaskContext, signature: unknown, items: unknown): Promise<unknown[]> =>
      map({ app, self, name, toArgs }, signature, items);
    app.task(name, { bind: true, params: ["task", "it"] }, run);
  }
}

interface Call {
  readonly app: App;
  readonly self: TaskContext;
  readonly name: string;
  readonly toArgs: (item: unknown) => readonly unknown[];
}

/** As in Python, a call takes nothing but the item: arguments of the signature do not count. */
async function map(
  { app, self, name, toArgs }: Call,
  signature: unknown,
  items: unknown,
): Promise<unknown[]> {
  const { task: taskName } = parseSignature(signature, "task");
  const task = app.tasks.get(taskName);
  if (task === undefined)
    throw new DecodeError("bad_body", `${name} calls "${taskName}", which is not registered here.`);
  const results: unknown[] = [];
  for (const item of readList(items, `"it" of ${name}`)) {
    self.signal.throwIfAborted();
    const args = bindArguments(task, toArgs(item), {});
    results.push(await task.run(contextOf(self, taskName, args), args));
  }
  return results;
}

/** A call of its own within the same message. */
function contextOf(self: TaskContext, task: string, args: readonly unknown[]): TaskContext {
  const request = { ...self.request, task, args, kwargs: {} };
  return Object.create(self, { request: { value: request } });
}

function readList(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new DecodeError("bad_body", `${what} must be an array.`);
}
