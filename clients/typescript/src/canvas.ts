/** Workflows: what the gateway takes at POST /v1/workflows. */

/** How a task of a workflow is sent. */
export interface CanvasOptions {
  readonly queue?: string;
  /** Seconds, or an ISO 8601 duration. */
  readonly delay?: number | string;
  readonly eta?: string;
  readonly expires?: number | string;
  readonly priority?: number;
  readonly ignore_result?: boolean;
}

interface Common {
  readonly options?: CanvasOptions;
  /** Called with the result. */
  readonly link?: Canvas | readonly Canvas[];
  /** Called when it fails. */
  readonly link_error?: Canvas | readonly Canvas[];
}

export interface TaskCanvas extends Common {
  readonly task: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** Does not get the result before it. */
  readonly immutable?: boolean;
}

export type Canvas =
  | TaskCanvas
  | (Common & { readonly chain: readonly Canvas[] })
  | (Common & { readonly group: readonly Canvas[] })
  | (Common & { readonly chord: { readonly header: readonly Canvas[]; readonly body: Canvas } });

export type TaskCanvasOptions = Omit<TaskCanvas, "task" | "args">;

export function task(
  name: string,
  args: readonly unknown[] = [],
  options: TaskCanvasOptions = {},
): TaskCanvas {
  return { task: name, args, ...options };
}

/** One after the other; each gets the result before it as its first argument. */
export function chain(...steps: readonly Canvas[]): Canvas {
  return { chain: steps };
}

/** All at once; the result is the list of theirs. */
export function group(...members: readonly Canvas[]): Canvas {
  return { group: members };
}

/** The header at once, then the body with the list of its results. */
export function chord(header: readonly Canvas[], body: Canvas): Canvas {
  return { chord: { header, body } };
}
