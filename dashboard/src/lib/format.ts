/** Numbers and names for people. */

/** `12 345`, in the way of the reader's country. */
export function count(value: number): string {
  return value.toLocaleString();
}

/** `1 task`, `2 tasks`. */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `12.5 %`, of a share from 0 to 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** `1.5 MiB`. */
export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** The end of an id that tells tasks apart. */
export function shortId(id: string): string {
  return id.slice(-8);
}
