/** What is wrong with a canvas: all of it in one answer, as long as that stays readable. */
import { DecodeError } from "../../protocol/index.ts";
import { type FieldError, Problem, type ProblemName } from "../problems.ts";

/** Errors that are reported at most. */
const MAX_ERRORS = 20;

export class CanvasErrors {
  readonly #fields: FieldError[] = [];
  readonly #types = new Set<ProblemName>();

  /** Takes note, and throws when there are enough. */
  add(pointer: string, detail: string, type: ProblemName = "invalid-arguments"): void {
    this.#fields.push({ pointer, detail });
    this.#types.add(type);
    if (this.#fields.length === MAX_ERRORS) this.throwAny();
  }

  /** Runs a check that throws a Problem; undefined when it did. */
  attempt<Result>(pointer: string, check: () => Result): Result | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const [field] = (error.options.members?.["errors"] ?? []) as readonly FieldError[];
      this.add(field?.pointer ?? pointer, field?.detail ?? error.message, error.type);
      return undefined;
    }
  }

  /** Throws what was noted as one Problem; of the type that all of it has in common. */
  throwAny(): void {
    const [first] = this.#fields;
    if (first === undefined) return;
    const [type = "invalid-arguments", ...others] = this.#types;
    const more = this.#fields.length > 1 ? ` (and ${this.#fields.length - 1} more)` : "";
    throw new Problem(others.length === 0 ? type : "invalid-arguments", {
      detail: `${first.pointer === "" ? "The body" : first.pointer}: ${first.detail}${more}`,
      members: { errors: this.#fields },
    });
  }
}

/**
 * Each chord with a step behind it stands in the body of the one before, so a long chain of them nests deep. Throws Problem
 * `too-many-tasks` where composing or planning gives up.
 */
export function withinNesting<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Problem("too-many-tasks", { detail: `Composed, the canvas nests too deep. ${error.message}` });
  }
}
