/** What a store found for an id. */
import type { FoundDocument } from "../../backends/index.ts";
import { DecodeError, type ResultDocument } from "../../protocol/index.ts";

/** Throws the DecodeError of a document that cannot be read. */
export function requireReadable(found: FoundDocument): ResultDocument | undefined {
  if (found instanceof DecodeError) throw found;
  return found;
}

/** What cannot be read counts as absent. */
export function documentOrUndefined(found: FoundDocument): ResultDocument | undefined {
  return found instanceof DecodeError ? undefined : found;
}
