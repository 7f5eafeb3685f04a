/** One task, live: its state from its stream, and what happened from its history. */
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { type ApiError, segment } from "../../lib/api.ts";
import { setConnection } from "../../lib/connection.ts";
import { openStream } from "../../lib/events.ts";
import { type HistoryEvent, historyOf, type TaskHistory, type TaskOrigin } from "../../lib/history.ts";
import { useLoad } from "../../lib/load.ts";
import type { Task } from "../../lib/task.ts";

/** Workers' events come a little later than states. */
const HISTORY_DELAY_MS = 300;
const HISTORY_EVERY_MS = 3000;

/** The gateway answers so when it keeps no histories: it is asked once. */
const NOT_KEPT = 501;
let areHistoriesKept = true;

export interface FollowedTask {
  readonly task: Task | undefined;
  readonly error: ApiError | undefined;
  readonly events: readonly HistoryEvent[];
  readonly origin: TaskOrigin | undefined;
  /** The gateway keeps a history; else the events are those that the task tells by itself. */
  readonly hasHistory: boolean;
}

export function useTask(id: string): FollowedTask {
  const [task, setTask] = useState<Task>();
  const [error, setError] = useState<ApiError>();
  const {
    data: history,
    error: historyError,
    reload,
  } = useLoad<TaskHistory>(areHistoriesKept ? `v1/tasks/${segment(id)}/history` : undefined);
  if (historyError?.status === NOT_KEPT) areHistoriesKept = false;
  const last = useRef<string | undefined>(undefined);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = openStream(`v1/tasks/${segment(id)}/events`, {
      onOpen: () => setConnection("task", "open"),
      onLost: () => setConnection("task", "lost"),
      onRefused: setError,
      onEvent({ name, data }) {
        if (name === "end") return stop();
        const told = JSON.parse(data) as Task;
        // Progress tells its own part only; a state begins anew.
        setTask((old) => (name === "progress" && old !== undefined ? { ...old, ...told } : told));
        if (last.current !== undefined && last.current !== told.state)
          announce(`${told.task ?? "The task"}: ${told.state}`);
        last.current = told.state;
        timer ??= setTimeout(() => {
          timer = undefined;
          reload();
        }, HISTORY_DELAY_MS);
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
      setConnection("task", undefined);
    };
  }, [id, reload]);

  const isOver = task?.terminal === true && history?.events.some(({ state }) => state === task.state);
  const keeps = history !== undefined;
  useEffect(() => {
    if (!keeps) return;
    // Once more after its end: what workers tell does not come in order.
    if (isOver) {
      const timer = setTimeout(reload, HISTORY_EVERY_MS);
      return () => clearTimeout(timer);
    }
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, HISTORY_EVERY_MS);
    return () => clearInterval(timer);
  }, [keeps, isOver, reload]);

  const told = history?.events ?? [];
  return {
    task,
    error,
    events: told.length > 0 || task === undefined ? told : historyOf(task),
    origin: history?.request,
    hasHistory: told.length > 0,
  };
}
