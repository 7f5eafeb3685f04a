/** Decodes inputs one by one and tells which of them a decoder does not take as it should. */
import type { Decoder } from "./decoders/index.ts";
import type { Finding } from "./findings.ts";
import { minimise } from "./minimise.ts";

/** Longest that one input may take, in milliseconds; alone, so that a busy machine is no finding. */
const MAX_MS = 200;
const TRIES_ALONE = 4;
/** How often a finding is tried again in a shorter form. */
const MINIMISE_TRIES = { error: 2000, slow: 100 } as const;

/** Resolves to a finding, not yet minimised, or to undefined when the decoder read or refused the input in time. */
export async function judge(decoder: Decoder, input: Uint8Array): Promise<Finding | undefined> {
  const { error, ms } = await attempt(decoder, input);
  if (ms > MAX_MS && (await fastest(decoder, input)) > MAX_MS)
    return { kind: "slow", what: `more than ${MAX_MS} ms`, input };
  if (error === undefined || decoder.isRefusal(error)) return undefined;
  return { kind: "error", what: describe(error), input };
}

/** The same finding with a shorter input; `onTry` is called for each one tried. */
export async function shorten(decoder: Decoder, finding: Finding, onTry: () => void): Promise<Finding> {
  const name = nameOf(finding);
  const isSame = async (candidate: Uint8Array): Promise<boolean> => {
    onTry();
    const other = await judge(decoder, candidate);
    return other !== undefined && nameOf(other) === name;
  };
  const tries = finding.kind === "slow" ? MINIMISE_TRIES.slow : MINIMISE_TRIES.error;
  return { ...finding, input: await minimise(finding.input, isSame, tries) };
}

/** Findings of one name are taken for one defect. */
export function nameOf({ kind, what }: Finding): string {
  return `${kind} ${what.replace(/"[^"]*"|\d+/g, "*")}`;
}

interface Attempt {
  readonly error: unknown;
  readonly ms: number;
}

async function attempt({ decode }: Decoder, input: Uint8Array): Promise<Attempt> {
  // A copy, so that a decoder which writes into its input cannot change the corpus.
  const copy = Uint8Array.from(input);
  const startedAt = performance.now();
  try {
    await decode(copy);
    return { error: undefined, ms: performance.now() - startedAt };
  } catch (error) {
    return { error: error ?? new Error("nothing was thrown"), ms: performance.now() - startedAt };
  }
}

async function fastest(decoder: Decoder, input: Uint8Array): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES_ALONE; tries++) best = Math.min(best, (await attempt(decoder, input)).ms);
  return best;
}

/** The class, the message, and where it came from. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `${typeof error} thrown`;
  const place = error.stack?.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
  return `${error.name}: ${error.message.slice(0, 300)} ${place.trim()}`;
}
