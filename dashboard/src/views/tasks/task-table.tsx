import type { JSX } from "preact";
import { useCallback, useLayoutEffect, useRef } from "preact/hooks";
import { count, plural } from "../../lib/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { VirtualList } from "../../parts/virtual-list.tsx";
import type { Range } from "../../parts/visible-range.ts";
import type { TaskFilter } from "./filter.ts";
import { rememberedList, rememberList } from "./remembered.ts";
import { COLUMNS, TaskRow } from "./task-row.tsx";
import { useRowHeight } from "./use-row-height.ts";
import { useRowKeys } from "./use-row-keys.ts";
import { useSteadyScroll } from "./use-steady-scroll.ts";
import type { Tasks } from "./use-tasks.ts";

/** So many rows before the end the next page is asked for. */
const READ_AHEAD = 150;

/** The rows, of which those are drawn that are seen. */
export function TaskTable({
  listKey,
  filter,
  tasks: { rows, cursor, readMore },
}: {
  readonly listKey: string;
  readonly filter: TaskFilter;
  readonly tasks: Tasks;
}): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight();
  const { currentId, onDrawn } = useRowKeys(scroller, rows, rowHeight, rememberedList(listKey)?.currentId);
  const fresh = useSteadyScroll(scroller, rows, rowHeight);

  const left = useRef({ pages: { rows, cursor }, currentId, scrollTop: 0 });
  left.current = { ...left.current, pages: { rows, cursor }, currentId };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = rememberedList(listKey)?.scrollTop ?? 0;
    // When the view is left, the element may have another size already.
    const onScroll = (): void => {
      left.current.scrollTop = element.scrollTop;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      element.removeEventListener("scroll", onScroll);
      rememberList({ key: listKey, filter, ...left.current });
    };
  }, [listKey]);

  const onRange = useCallback(
    ({ end }: Range) => {
      onDrawn();
      if (end + READ_AHEAD >= rows.length) readMore();
    },
    [rows.length, readMore, onDrawn],
  );

  return (
    <div
      class="tasks-table"
      role="table"
      aria-label="Tasks, newest first"
      aria-rowcount={cursor === undefined ? rows.length + 1 : -1}
    >
      <div role="rowgroup">
        <div role="row" class="tasks-head" aria-rowindex={1}>
          {COLUMNS.map((title) => (
            <div key={title} role="columnheader" class={title === "Took" ? "number" : undefined}>
              {title}
            </div>
          ))}
        </div>
      </div>
      {fresh > 0 && (
        <button type="button" class="tasks-fresh" onClick={() => scroller.current?.scrollTo({ top: 0 })}>
          <Icon name="up" size={14} />
          {plural(fresh, "new task")}
        </button>
      )}
      <div class="tasks-scroller" ref={scroller} role="presentation">
        <VirtualList
          scroller={scroller}
          total={rows.length}
          rowHeight={rowHeight}
          onRange={onRange}
          renderRow={(at, top) => {
            const task = rows[at];
            if (task === undefined) return null;
            return <TaskRow key={task.id} task={task} at={at} top={top} isCurrent={task.id === currentId} />;
          }}
        />
        <p class="tasks-end" role="presentation">
          {cursor === undefined ? `${count(rows.length)} in all` : "Reading more…"}
        </p>
      </div>
    </div>
  );
}
