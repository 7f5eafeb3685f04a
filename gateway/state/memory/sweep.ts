/** Removes what has expired from a map, a few entries with each call, so that no call is long and nothing stays for ever. */
export type Sweep = (nowMs: number) => void;

/** Entries that one call looks at: more than one write adds. */
const LOOKS = 4;

export function createSweep<Value>(
  map: Map<string, Value>,
  isExpired: (value: Value, nowMs: number) => boolean,
  remove: (key: string) => void,
): Sweep {
  let rest = map.entries();
  return (nowMs) => {
    for (let look = 0; look < LOOKS; look += 1) {
      const next = rest.next();
      if (next.done === true) {
        rest = map.entries();
        return;
      }
      const [key, value] = next.value;
      if (isExpired(value, nowMs)) remove(key);
    }
  };
}
