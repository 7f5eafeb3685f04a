/** Members picked by chance: below 0 the same one may come again, as SRANDMEMBER has it. */
import { Refusal } from "../resp/replies.ts";

/** Most picks where members may repeat. */
const MAX_REPEATED = 1_000_000;

export function pickRandom<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (count < -MAX_REPEATED) throw new Refusal("ERR value is out of range");
  if (count < 0) {
    return Array.from(
      { length: items.length === 0 ? 0 : -count },
      () => items[randomBelow(items.length)],
    ).filter((item) => item !== undefined);
  }
  const left = [...items];
  const picked: Item[] = [];
  while (picked.length < count && left.length > 0) picked.push(...left.splice(randomBelow(left.length), 1));
  return picked;
}

function randomBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}
