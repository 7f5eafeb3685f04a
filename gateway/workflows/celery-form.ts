/** Celery's own signatures of chains, groups and chords, and of its tasks over many arguments, as the readable form. */
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import type { CanvasErrors } from "./canvas-errors.ts";
import { escapePointer } from "./canvas-options.ts";

/** The forms that Celery writes as a task of its own. */
type CeleryForm = "chain" | "group" | "chord" | "map" | "starmap" | "chunks";

/** A canvas in the readable form, and the JSON Pointer to what stands in the request for its members. */
export interface FromCelery {
  readonly form: CeleryForm;
  readonly canvas: PlainObject;
  readonly at: string;
}

const KEYS = ["task", "args", "kwargs", "options", "subtask_type", "immutable", "chord_size"];

/** Name of the task, to the readable form. Those with a type of their own carry it in `subtask_type`. */
const FORMS: Readonly<Record<string, CeleryForm>> = {
  "celery.chain": "chain",
  "celery.group": "group",
  "celery.chord": "chord",
  "celery.map": "map",
  "celery.starmap": "starmap",
  "celery.chunks": "chunks",
};

export function isCeleryCanvas({ task, subtask_type: type }: PlainObject): boolean {
  const isForm = typeof task === "string" && Object.hasOwn(FORMS, task);
  return isForm || (typeof type === "string" && Object.values<string>(FORMS).includes(type));
}

/** `signature` is one that {@link isCeleryCanvas} takes. undefined: it is wrong, and that is noted. */
export function fromCelery(
  signature: PlainObject,
  pointer: string,
  errors: CanvasErrors,
): FromCelery | undefined {
  const { task, args = [], kwargs = {}, options, subtask_type: type = null } = signature;
  const form = Object.hasOwn(FORMS, String(task)) ? FORMS[String(task)] : undefined;
  const wrong = (at: string, detail: string): undefined => {
    errors.add(`${pointer}${at}`, detail);
    return undefined;
  };
  const unknown = Object.keys(signature).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    return wrong(`/${escapePointer(unknown)}`, `is not part of a signature; allowed: ${KEYS.join(", ")}`);
  if (form === undefined) return wrong("/task", `must be celery.${String(type)} for this subtask_type`);
  if (type !== null && type !== form) return wrong("/subtask_type", `must be "${form}" for this task`);
  if (!Array.isArray(args) || args.length > 0)
    return wrong("/args", "must be empty: put arguments on the tasks");
  if (!isPlainObject(kwargs)) return wrong("/kwargs", "must be an object");
  const at = `${pointer}/kwargs`;
  const shared = options === undefined ? {} : { options };
  if (form === "chain" || form === "group") {
    const { tasks, ...others } = kwargs;
    if (Object.keys(others).length > 0) return wrong("/kwargs", 'must have "tasks" alone');
    return { form, canvas: { [form]: tasks, ...shared }, at: `${at}/tasks` };
  }
  if (form !== "chord") return { form, canvas: { [form]: kwargs, ...shared }, at };
  const { kwargs: further = {}, ...parts } = kwargs;
  if (!isPlainObject(further) || Object.keys(further).length > 0)
    return wrong("/kwargs/kwargs", "must be empty: put arguments on the tasks");
  return { form, canvas: { chord: parts, ...shared }, at };
}
