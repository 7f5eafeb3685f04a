import { useEffect, useState } from "preact/hooks";
import { ApiError, get, segment } from "../../lib/api.ts";
import type { TaskHistory } from "../../lib/history.ts";
import { pythonToJson } from "../../lib/python-literal.ts";
import type { Task } from "../../lib/task.ts";
import { NO_TEXTS, type Texts } from "./fields.ts";

/** What the form begins with. */
export interface Draft {
  readonly texts: Texts;
  /** What to know about it, for a task that is sent again. */
  readonly note: string | undefined;
}

/** An empty form with what the address names; with `again`, that task's. undefined while that is read. */
export function useDraft(query: URLSearchParams): Draft | undefined {
  const again = query.get("again");
  const given = { ...NO_TEXTS, task: query.get("task") ?? "", queue: query.get("queue") ?? "" };
  const [draft, setDraft] = useState<Draft | undefined>(
    again === null ? { texts: given, note: undefined } : undefined,
  );
  useEffect(() => {
    if (again === null) return;
    let isGone = false;
    void readDraft(again).then((next) => {
      if (!isGone) setDraft(next);
    });
    return () => {
      isGone = true;
    };
  }, [again]);
  return draft;
}

const UNKNOWN = "What it was called with is not known here: write the arguments before you send it.";

async function readDraft(id: string): Promise<Draft> {
  const path = `v1/tasks/${segment(id)}`;
  const [task, history] = await Promise.all([
    orNothing(get<Task>(path, { nan: "string" })),
    orNothing(get<TaskHistory>(`${path}/history`, { arguments: true })),
  ]);
  const { args, kwargs } = history ?? {};
  const [list, members] = [args ?? "()", kwargs ?? "{}"].map(pythonToJson);
  const texts = {
    ...NO_TEXTS,
    task: task?.task ?? history?.task ?? "",
    queue: task?.queue ?? "",
    tags: task?.tags?.join(", ") ?? "",
    args: list === undefined || list === "[]" ? "" : list,
    kwargs: members === undefined || members === "{}" ? "" : members,
  };
  const isKnown = (args ?? kwargs) !== undefined && list !== undefined && members !== undefined;
  return {
    texts,
    note: isKnown ? "These are the arguments it was called with. It becomes a new task." : UNKNOWN,
  };
}

async function orNothing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
