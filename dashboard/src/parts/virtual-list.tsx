import type { ComponentChildren, JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { type Range, SPARE_ROWS, visibleRange } from "./visible-range.ts";

export interface VirtualListProps {
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLElement | null>;
  readonly total: number;
  /** All rows have this height, in pixels. */
  readonly rowHeight: number;
  readonly renderRow: (at: number, top: number) => ComponentChildren;
  /** Called with what is drawn now, to read more in time. */
  readonly onRange?: (range: Range) => void;
}

/** Draws those rows only that are seen: the page stays quick with any number of them. Rows stand at `top` pixels. */
export function VirtualList({
  scroller,
  total,
  rowHeight,
  renderRow,
  onRange,
}: VirtualListProps): JSX.Element {
  const [{ first, end }, setRange] = useState<Range>({ first: 0, end: Math.min(total, SPARE_ROWS * 4) });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const update = (): void => {
      const next = visibleRange(element.scrollTop, element.clientHeight, rowHeight, total);
      setRange((old) => (old.first === next.first && old.end === next.end ? old : next));
    };
    update();
    const watch = new ResizeObserver(update);
    watch.observe(element);
    element.addEventListener("scroll", update, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", update);
    };
  }, [scroller, rowHeight, total]);
  useEffect(() => onRange?.({ first, end }), [first, end, onRange]);
  const rows: ComponentChildren[] = [];
  for (let at = first; at < Math.min(end, total); at += 1) rows.push(renderRow(at, at * rowHeight));
  return (
    <div class="virtual" role="rowgroup" style={{ height: `${total * rowHeight}px` }}>
      {rows}
    </div>
  );
}
