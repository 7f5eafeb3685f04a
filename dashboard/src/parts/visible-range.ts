/** Rows above and below the window that are drawn too, so that scrolling shows no gaps. */
export const SPARE_ROWS = 8;

/** Which rows are drawn. */
export interface Range {
  readonly first: number;
  /** Not included. */
  readonly end: number;
}

/** Which rows a window of `height` pixels shows that is scrolled by `top`, with some to spare. */
export function visibleRange(top: number, height: number, rowHeight: number, total: number): Range {
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE_ROWS);
  const end = Math.min(total, Math.ceil((top + height) / rowHeight) + SPARE_ROWS);
  return { first: Math.min(first, Math.max(0, total - 1)), end };
}
