/** One look through the messages of a planned canvas: which tasks are in them, and how large they are. */
import type { CanvasPlan } from "../../canvas/index.ts";
import type { Signature } from "../../protocol/index.ts";

export interface Survey {
  /** Every call that has an id already, by its id. */
  readonly calls: ReadonlyMap<string, Signature>;
  readonly hasChord: boolean;
  /** About as many as all messages together have as JSON. */
  readonly bytes: number;
  /** Levels of arrays and objects in the deepest message. */
  readonly depth: number;
}

/** Bytes of a number, a boolean or null, about; and of what stands between two values. */
const SCALAR_BYTES = 8;
/** Headers and properties of a message. */
const MESSAGE_BYTES = 1000;

export function survey({ steps }: CanvasPlan): Survey {
  const surveyor = new Surveyor();
  let bytes = 0;
  let depth = 0;
  for (const step of steps) {
    if (step.type === "chord") surveyor.hasChord = true;
    const message = surveyor.measure(step.type === "send" ? step.signature : step.body);
    bytes += MESSAGE_BYTES + message.bytes;
    depth = Math.max(depth, message.depth);
  }
  return { calls: surveyor.calls, hasChord: surveyor.hasChord, bytes, depth };
}

type Measures = Pick<Survey, "bytes" | "depth">;

class Surveyor {
  readonly calls = new Map<string, Signature>();
  hasChord = false;
  /** What many messages share is looked at once. */
  readonly #measured = new Map<object, Measures>();

  measure(value: unknown): Measures {
    if (typeof value === "string") return { bytes: value.length + 2, depth: 0 };
    if (typeof value !== "object" || value === null) return { bytes: SCALAR_BYTES, depth: 0 };
    const known = this.#measured.get(value);
    if (known !== undefined) return known;
    if (isCall(value)) this.#note(value);
    let bytes = SCALAR_BYTES;
    let depth = 0;
    for (const [key, member] of Object.entries(value)) {
      const inner = this.measure(member);
      bytes += key.length + inner.bytes;
      depth = Math.max(depth, inner.depth);
    }
    const measures = { bytes, depth: depth + 1 };
    this.#measured.set(value, measures);
    return measures;
  }

  #note(call: Signature): void {
    if (call.subtask_type === "chord") this.hasChord = true;
    const { task_id: id } = call.options;
    if (typeof id === "string" && call.subtask_type === null) this.calls.set(id, call);
  }
}

/** Arguments may look like one; they can name no id of this workflow, since those are new. */
function isCall(value: object): value is Signature {
  return (
    "task" in value && "subtask_type" in value && "options" in value && typeof value.options === "object"
  );
}
