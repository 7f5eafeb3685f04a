/** What the measuring programs share: their documents, and how their cases are collected. */
import { ConfigurationError } from "../../protocol/index.ts";
import type { Sample } from "../lib/bench.ts";
import { leaveOut, readInput, report } from "../lib/child.ts";
import type { CodecsInput } from "./bench.ts";
import { readDocuments } from "./documents.ts";
import { measure } from "./measure.ts";

/** Lent to a measuring program. */
export interface Measuring {
  readonly folder: string;
  readonly documents: ReturnType<typeof readDocuments>;
  measure(name: string, operation: () => unknown): Promise<void>;
  /** Measures what a package may be missing for: then a line of the report says so. */
  optional(what: string, body: () => Promise<void>): Promise<void>;
}

/** Runs a measuring program, and hands what it measured to the parent. */
export async function runProgram(body: (measuring: Measuring) => Promise<void>): Promise<void> {
  const input = readInput<CodecsInput>();
  const samples: Sample[] = [];
  await body({
    folder: input.folder,
    documents: readDocuments(input.folder),
    async measure(name, operation) {
      samples.push(await measure(name, input, operation));
    },
    async optional(what, attempt) {
      try {
        await attempt();
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        leaveOut(what, error.message);
      }
    },
  });
  report(...samples);
}
