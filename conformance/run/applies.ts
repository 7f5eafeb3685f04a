/** Whether a vector holds for the implementation that is tried: Celery itself changed from version to version. */
import type { AdapterInfo } from "../ccp/messages.ts";

/** What the vector asks for, as `celery >=5.6.3`, when this version is older; undefined when it holds. */
export function laterVersion(
  { name, version }: Pick<AdapterInfo, "name" | "version">,
  applies: Readonly<Record<string, string>>,
): string | undefined {
  const range = Object.hasOwn(applies, name) ? applies[name] : undefined;
  if (range === undefined) return undefined;
  return isBefore(numbersOf(version), numbersOf(range)) ? `${name} ${range}` : undefined;
}

/** The numbers of `>=5.6.3`; of `5.7.0rc1` those of 5.7.0. */
function numbersOf(text: string): readonly number[] {
  return (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? "").split(".").map(Number);
}

function isBefore(version: readonly number[], wanted: readonly number[]): boolean {
  for (const [at, number] of wanted.entries()) {
    const own = version[at] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}
