/** `j` and `k`, or the arrows, go through the rows; Enter opens one, since its link has the focus. */
import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { isForPage } from "../../lib/keys.ts";
import type { TaskSummary } from "../../lib/task.ts";

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

export interface RowKeys {
  /** The row that was gone to last. */
  readonly currentId: string | undefined;
  /** To be called when other rows are drawn: the one that was gone to may be among them. */
  readonly onDrawn: () => void;
}

export function useRowKeys(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly TaskSummary[],
  rowHeight: number,
  firstId: string | undefined,
): RowKeys {
  const [currentId, setCurrentId] = useState(firstId);
  const wanted = useRef(firstId);

  const onDrawn = useCallback(() => {
    if (wanted.current === undefined) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(wanted.current)}"] a`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  }, [scroller]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const step = STEPS[event.key];
      const element = scroller.current;
      if (step === undefined || element === null || !isForPage(event)) return;
      event.preventDefault();
      const at = rows.findIndex(({ id }) => id === currentId);
      const next = Math.min(rows.length - 1, Math.max(0, at + step));
      const row = rows[next];
      if (row === undefined) return;
      show(element, next * rowHeight, rowHeight);
      setCurrentId(row.id);
      wanted.current = row.id;
      onDrawn();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
  return { currentId, onDrawn };
}

/** Scrolls as little as needed. */
function show(element: HTMLElement, top: number, height: number): void {
  const bottom = top + height - element.clientHeight;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom > element.scrollTop) element.scrollTop = bottom;
}
