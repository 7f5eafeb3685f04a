import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TaskSummary } from "../../lib/task.ts";
import { addedOnTop } from "./task-rows.ts";

/** Keeps in place what is being read when rows come on top; says how many came since the top was last seen. */
export function useSteadyScroll(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly TaskSummary[],
  rowHeight: number,
): number {
  const [fresh, setFresh] = useState(0);
  const before = useRef(rows);
  useLayoutEffect(() => {
    const element = scroller.current;
    const added = addedOnTop(before.current, rows);
    before.current = rows;
    if (element === null || added === 0 || isOnTop(element, rowHeight)) return;
    element.scrollTop += added * rowHeight;
    setFresh((old) => old + added);
  }, [rows, rowHeight]);
  useEffect(() => {
    const element = scroller.current;
    const onScroll = (): void => {
      if (element !== null && isOnTop(element, rowHeight)) setFresh(0);
    };
    element?.addEventListener("scroll", onScroll, { passive: true });
    return () => element?.removeEventListener("scroll", onScroll);
  }, [rowHeight]);
  return fresh;
}

function isOnTop(element: HTMLElement, rowHeight: number): boolean {
  return element.scrollTop < rowHeight / 2;
}
