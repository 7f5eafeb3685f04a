/** The list of tasks: pages as they are needed, and changes as they happen. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { ApiError, cursorOf, get, withParams } from "../../lib/api.ts";
import { setConnection } from "../../lib/connection.ts";
import { openStream } from "../../lib/events.ts";
import type { TaskList, TaskSummary } from "../../lib/task.ts";
import { filterKey, fitsState, streamParams, type TaskFilter } from "./filter.ts";
import { withChanges, withPage } from "./task-rows.ts";

const FIRST_PAGE = 100;
const PAGE = 500;
/** Changes of this time are drawn together. */
const GATHER_MS = 150;
/** Rows that are kept at most; a list that grew beyond them by news begins anew. */
const MAX_ROWS = 50_000;

/** What was read so far. */
export interface TaskPages {
  readonly rows: readonly TaskSummary[];
  /** Where the next page begins; undefined when there is none. */
  readonly cursor: string | undefined;
}

export interface Tasks extends TaskPages {
  /** The first page is not there yet. */
  readonly isLoading: boolean;
  readonly error: ApiError | undefined;
  /** Reads the next page, unless it is being read. */
  readonly readMore: () => void;
  /** Reads everything again. */
  readonly reload: () => void;
}

interface State extends TaskPages {
  readonly key: string;
  readonly isLoading: boolean;
  readonly error: ApiError | undefined;
}

/** The list of a filter. `remembered` is what was read of it before, to begin with. */
export function useTasks(filter: TaskFilter, remembered: TaskPages | undefined): Tasks {
  const key = filterKey(filter);
  const [state, setState] = useState<State>(() => begin(key, remembered));
  const latest = useRef(state);
  latest.current = state;
  const isReading = useRef(false);

  const read = useCallback(
    async (count: number, before: TaskPages): Promise<void> => {
      isReading.current = true;
      try {
        const pages = await readPages(filter, count, before);
        setState((old) => (old.key === key ? { ...old, ...pages, isLoading: false, error: undefined } : old));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        setState((old) => (old.key === key ? { ...old, isLoading: false, error } : old));
      } finally {
        isReading.current = false;
      }
    },
    [key],
  );
  const reload = useCallback(() => {
    const { rows } = latest.current;
    const count = rows.length > MAX_ROWS ? FIRST_PAGE : Math.max(FIRST_PAGE, rows.length);
    void read(count, EMPTY);
  }, [read]);
  const readMore = useCallback(() => {
    const { rows, cursor, error } = latest.current;
    if (isReading.current || cursor === undefined || error !== undefined) return;
    void read(rows.length + PAGE, { rows, cursor });
  }, [read]);

  useEffect(() => {
    setState((old) => (old.key === key ? old : begin(key, undefined)));
    return followTasks(filter, {
      onReady: reload,
      onChanges(changes) {
        sayEnds(latest.current.rows, changes);
        if (latest.current.rows.length > MAX_ROWS) return reload();
        setState((old) => ({
          ...old,
          rows: withChanges(old.rows, changes, (task) => fitsState(filter, task), old.cursor !== undefined),
        }));
      },
      onRefused: (error) => setState((old) => ({ ...old, isLoading: false, error })),
    });
  }, [key, reload]);

  const shown = state.key === key ? state : begin(key, undefined);
  return { ...shown, readMore, reload };
}

const EMPTY: TaskPages = { rows: [], cursor: undefined };

function begin(key: string, remembered: TaskPages | undefined): State {
  return { key, ...(remembered ?? EMPTY), isLoading: remembered === undefined, error: undefined };
}

/** Reads pages until there are `count` rows, or no more. */
async function readPages(filter: TaskFilter, count: number, before: TaskPages): Promise<TaskPages> {
  let { rows, cursor } = before;
  do {
    const limit = Math.min(PAGE, Math.max(1, count - rows.length));
    const page = await get<TaskList>("v1/tasks", { ...filter, limit, cursor });
    rows = withPage(rows, page.tasks);
    cursor = cursorOf(page.next);
  } while (cursor !== undefined && rows.length < count);
  return { rows, cursor };
}

interface TaskFollower {
  /** What came before was not told: read the list. */
  onReady(): void;
  onChanges(changes: ReadonlyMap<string, TaskSummary>): void;
  onRefused(error: ApiError): void;
}

function followTasks(filter: TaskFilter, { onReady, onChanges, onRefused }: TaskFollower): () => void {
  let changes = new Map<string, TaskSummary>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const gathered = changes;
    changes = new Map();
    onChanges(gathered);
  };
  const stop = openStream(withParams("v1/events", streamParams(filter)), {
    onOpen: () => setConnection("tasks", "open"),
    onLost: () => setConnection("tasks", "lost"),
    onRefused,
    onEvent({ name, data }) {
      if (name === "ready") return onReady();
      if (name !== "state") return;
      const task = JSON.parse(data) as TaskSummary;
      changes.set(task.id, task);
      timer ??= setTimeout(flush, GATHER_MS);
    },
  });
  return () => {
    stop();
    clearTimeout(timer);
    setConnection("tasks", undefined);
  };
}

/** Says how a task of the list ended, when it is one; many at once would only be noise. */
function sayEnds(rows: readonly TaskSummary[], changes: ReadonlyMap<string, TaskSummary>): void {
  if (changes.size > 1) return;
  for (const task of changes.values()) {
    const known = rows.find(({ id }) => id === task.id);
    if (task.terminal && known?.terminal === false) announce(`${task.task}: ${task.state}`);
  }
}
