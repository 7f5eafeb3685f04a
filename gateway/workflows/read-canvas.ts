/**
 * From the JSON of a stranger to a canvas: the readable form and Celery's own signatures, nested in any way. Nothing is
 * passed on that was not looked at, and every task in it goes through one and the same check.
 */
import { chain, chord, group } from "../../canvas/index.ts";
import { isPlainObject, type PlainObject, type Signature } from "../../protocol/index.ts";
import { CanvasChecks, type CanvasRules, NOTHING } from "./canvas-checks.ts";
import { withinNesting } from "./canvas-errors.ts";
import { escapePointer, LINK_OPTIONS, MAX_LINKS, readOptions } from "./canvas-options.ts";
import { fromCelery, isCeleryCanvas } from "./celery-form.ts";
import { type GivenOptions, NOTHING_GIVEN, withOwn, withoutDelays } from "./given-options.ts";
import { readMany } from "./read-many.ts";

const FORMS = ["task", "chain", "group", "chord", "map", "starmap", "chunks"] as const;
const TASK_KEYS = ["args", "kwargs", "immutable", "subtask_type", "chord_size"];
const SHARED_KEYS = ["options", ...LINK_OPTIONS];

type Form = (typeof FORMS)[number];

/** Where a canvas stands. */
interface Place {
  readonly pointer: string;
  readonly depth: number;
  readonly given: GivenOptions;
}

/** Throws Problem `too-many-tasks`, and others with the places of what is wrong. */
export function readCanvas(body: unknown, rules: CanvasRules): Signature {
  const checks = new CanvasChecks(rules);
  const reader = new CanvasReader(checks);
  const canvas = withinNesting(() => reader.read(body, { pointer: "", depth: 0, given: NOTHING_GIVEN }));
  checks.errors.throwAny();
  return canvas;
}

class CanvasReader {
  readonly #checks: CanvasChecks;

  constructor(checks: CanvasChecks) {
    this.#checks = checks;
  }

  read(value: unknown, place: Place): Signature {
    const { pointer, depth } = place;
    this.#checks.requireDepth(depth, pointer);
    const given = isPlainObject(value) ? value : {};
    const [form, ...others] = FORMS.filter((name) => Object.hasOwn(given, name));
    if (form === undefined || others.length > 0)
      return this.#checks.wrong(pointer, `must be an object with one of: ${FORMS.join(", ")}`);
    if (form !== "task" || !isCeleryCanvas(given))
      return this.#read(form, given, { ...place, at: `${pointer}/${form}` });
    const known = fromCelery(given, pointer, this.#checks.errors);
    return known === undefined ? NOTHING : this.#read(known.form, known.canvas, { ...place, at: known.at });
  }

  /** `at` is the JSON Pointer to what the form holds. */
  #read(form: Form, given: PlainObject, place: Place & { readonly at: string }): Signature {
    const { pointer, at } = place;
    this.#requireKeys(given, form, pointer);
    const before = this.#checks.tasks;
    const options = readOptions(given["options"], `${pointer}/options`, this.#checks.errors);
    const links = this.#allLinks(given, form, place);
    const inner = { ...place, given: withOwn(place.given, options, `${pointer}/options`) };
    const canvas = this.#canvas(form, given, at, inner);
    if (form !== "task") this.#checks.countLinks(links, this.#checks.tasks - before, pointer);
    return { ...canvas, options: { ...canvas.options, ...links } };
  }

  #canvas(form: Form, given: PlainObject, at: string, place: Place): Signature {
    switch (form) {
      case "task":
        return this.#task(given, place);
      case "chain":
        return chain(...this.#members(given["chain"], at, place, true));
      case "group":
        return group(this.#members(given["group"], at, place));
      case "chord":
        return this.#chord(given["chord"], at, place);
      default:
        return readMany(form, given[form], { at, given: place.given }, this.#checks);
    }
  }

  #requireKeys(given: PlainObject, form: Form, pointer: string): void {
    const allowed = [form, ...SHARED_KEYS, ...(form === "task" ? TASK_KEYS : [])];
    for (const key of Object.keys(given)) {
      if (allowed.includes(key)) continue;
      const shown = JSON.stringify(key.slice(0, 64));
      const detail = `${shown} is not known beside "${form}"; allowed: ${allowed.join(", ")}`;
      this.#checks.errors.add(`${pointer}/${escapePointer(key)}`, detail, "reserved-option");
    }
  }

  #task(value: PlainObject, { pointer, given }: Place): Signature {
    const checks = this.#checks;
    checks.count(1, pointer);
    const { task, args = [], kwargs = {}, immutable = false } = value;
    if (typeof task !== "string") return checks.wrong(`${pointer}/task`, "must be the name of a task");
    checks.requireAllowed(task, `${pointer}/task`, given);
    if (!Array.isArray(args)) return checks.wrong(`${pointer}/args`, "must be an array");
    if (!isPlainObject(kwargs)) return checks.wrong(`${pointer}/kwargs`, "must be an object");
    if (typeof immutable !== "boolean") return checks.wrong(`${pointer}/immutable`, "must be true or false");
    for (const name of ["subtask_type", "chord_size"]) {
      if ((value[name] ?? null) !== null) checks.wrong(`${pointer}/${name}`, "must be null for a task");
    }
    checks.requirePlain(args, `${pointer}/args`);
    checks.requirePlain(kwargs, `${pointer}/kwargs`);
    return {
      task,
      args,
      kwargs,
      options: checks.optionsOf(given, { task, args, kwargs }),
      subtask_type: null,
      immutable,
    };
  }

  /** What is given to a chain is for its first step alone. */
  #members(value: unknown, pointer: string, { depth, given }: Place, isChain = false): Signature[] {
    if (!Array.isArray(value) || value.length === 0) {
      this.#checks.errors.add(pointer, "must be an array of one or more canvases");
      return [];
    }
    return value.map((member: unknown, at) =>
      this.read(member, {
        pointer: `${pointer}/${at}`,
        depth: depth + 1,
        given: isChain && at > 0 ? NOTHING_GIVEN : given,
      }),
    );
  }

  #chord(value: unknown, pointer: string, place: Place): Signature {
    const { header, body, ...others } = isPlainObject(value) ? value : {};
    if (body === undefined || Object.keys(others).length > 0)
      return this.#checks.wrong(pointer, 'must be an object with "header" and "body" alone');
    const members = this.#header(header, `${pointer}/header`, place);
    const bodyPlace = {
      pointer: `${pointer}/body`,
      depth: place.depth + 1,
      given: withoutDelays(place.given),
    };
    return chord(members, this.read(body, bodyPlace));
  }

  /** An array, or a group. */
  #header(header: unknown, pointer: string, place: Place): Signature[] {
    if (Array.isArray(header)) return this.#members(header, pointer, place);
    const { subtask_type: type, kwargs } = this.read(header, { ...place, pointer, depth: place.depth + 1 });
    if (type === "group" && Array.isArray(kwargs["tasks"])) return kwargs["tasks"] as Signature[];
    this.#checks.errors.add(pointer, "must be an array of canvases, or a group");
    return [];
  }

  /** Those beside the options, and those among them. */
  #allLinks(given: PlainObject, form: Form, { pointer, depth }: Place): PlainObject {
    const { options } = given;
    const all: PlainObject = {};
    for (const name of LINK_OPTIONS) {
      const inside = isPlainObject(options) ? options[name] : undefined;
      const links = [
        ...this.#links(given[name], `${pointer}/${name}`, form, depth),
        ...this.#links(inside, `${pointer}/options/${name}`, form, depth),
      ];
      if (links.length > 0) all[name] = links;
    }
    return all;
  }

  #links(value: unknown, pointer: string, form: Form, depth: number): Signature[] {
    if (value === undefined || value === null) return [];
    const { errors } = this.#checks;
    if (form === "group" || form === "chunks") {
      errors.add(pointer, `a ${form} has no callbacks: use a chord, or put them on its members`);
      return [];
    }
    const inner = { depth: depth + 1, given: NOTHING_GIVEN };
    if (!Array.isArray(value)) return [this.read(value, { ...inner, pointer })];
    if (value.length > MAX_LINKS) errors.add(pointer, `must have ${MAX_LINKS} canvases at most`);
    return value
      .slice(0, MAX_LINKS)
      .map((link: unknown, at) => this.read(link, { ...inner, pointer: `${pointer}/${at}` }));
  }
}
