/** Workflows as data, and how TypeScript and Python write them down. */
import { chain, chord, group, pipe } from "../../canvas/index.ts";
import { type Signature, signature } from "../../protocol/index.ts";

/** Who runs a task. */
export type Language = "ts" | "py";

export type Form =
  | {
      readonly kind: "task";
      /** Without its prefix: `echo` is `ts.echo` or `py.echo`. */
      readonly name: string;
      readonly args: readonly (Form | Literal)[];
      readonly immutable?: boolean;
      /** Gives the task an id under which its result is looked at too. */
      readonly called?: string;
      readonly link?: readonly Form[];
      readonly linkError?: readonly Form[];
    }
  | { readonly kind: "map" | "starmap"; readonly name: string; readonly items: readonly Literal[] }
  | {
      readonly kind: "chunks";
      readonly name: string;
      readonly items: readonly Literal[];
      readonly size: number;
    }
  | { readonly kind: "chain" | "group"; readonly of: readonly Form[] }
  | { readonly kind: "chord"; readonly of: readonly Form[]; readonly body: Form }
  | { readonly kind: "pipe"; readonly left: Form; readonly right: Form };

type Literal = number | string | readonly Literal[];

/** What a workflow is written down with. */
export interface Cast {
  /** Who runs the next task. */
  readonly next: () => Language;
  /** Id of a task that is `called` something. */
  readonly idOf: (called: string) => string;
}

/** As TypeScript composes it. */
export function inTypeScript(form: Form, cast: Cast): Signature {
  const compose = (part: Form): Signature => inTypeScript(part, cast);
  switch (form.kind) {
    case "task": {
      const language = cast.next();
      const { name, args, immutable = false, called, link, linkError } = form;
      const options = {
        queue: language,
        ...(called === undefined ? {} : { task_id: cast.idOf(called) }),
        ...(link === undefined ? {} : { link: link.map(compose) }),
        ...(linkError === undefined ? {} : { link_error: linkError.map(compose) }),
      };
      const values = args.map((value) => (isForm(value) ? compose(value) : value));
      return { ...signature(`${language}.${name}`, values, {}, options), immutable };
    }
    case "map":
    case "starmap": {
      const queue = cast.next();
      const kwargs = { task: signature(`${queue}.${form.name}`), it: form.items };
      return { ...signature(`celery.${form.kind}`, [], kwargs, { queue }), immutable: true };
    }
    case "chunks": {
      const queue = cast.next();
      const task = signature(`${queue}.${form.name}`);
      return { ...signature("celery.chunks", [], { task, it: form.items, n: form.size }), immutable: true };
    }
    case "chain":
      return chain(...form.of.map(compose));
    case "group":
      return group(form.of.map(compose));
    case "chord":
      return chord(form.of.map(compose), compose(form.body));
    case "pipe":
      return pipe(compose(form.left), compose(form.right));
  }
}

/** As Python composes it: an expression. */
export function inPython(form: Form, cast: Cast): string {
  const compose = (part: Form): string => inPython(part, cast);
  const list = (parts: readonly Form[]): string => `[${parts.map(compose).join(", ")}]`;
  switch (form.kind) {
    case "task": {
      const language = cast.next();
      const { name, args, immutable = false, called, link, linkError } = form;
      const options = [
        `queue="${language}"`,
        ...(immutable ? ["immutable=True"] : []),
        ...(called === undefined ? [] : [`task_id="${cast.idOf(called)}"`]),
        ...(link === undefined ? [] : [`link=${list(link)}`]),
        ...(linkError === undefined ? [] : [`link_error=${list(linkError)}`]),
      ];
      const values = args.map((value) => (isForm(value) ? compose(value) : JSON.stringify(value)));
      return `signature("${language}.${name}", args=[${values.join(", ")}], ${options.join(", ")})`;
    }
    case "map":
    case "starmap": {
      const queue = cast.next();
      const items = JSON.stringify(form.items);
      return `x${form.kind}(signature("${queue}.${form.name}"), ${items}, app=app).set(queue="${queue}")`;
    }
    case "chunks": {
      const queue = cast.next();
      const items = JSON.stringify(form.items);
      return `chunks(signature("${queue}.${form.name}"), ${items}, ${form.size}, app=app)`;
    }
    case "chain":
      return `chain(${form.of.map(compose).join(", ")})`;
    case "group":
      return `group(${list(form.of)})`;
    case "chord":
      return `chord(${list(form.of)}, ${compose(form.body)})`;
    case "pipe":
      return `(${compose(form.left)} | ${compose(form.right)})`;
  }
}

/** Options of the call: a message of `celery.starmap` goes where these say, as the task's own route is not asked. */
export function callOptions(form: Form, runners: readonly Language[]): { readonly queue?: Language } {
  const [queue] = runners;
  return form.kind === "chunks" && queue !== undefined ? { queue } : {};
}

/** As a caller of the gateway writes it: Celery's own signatures, without the ids that only the gateway gives. */
export function inRest(form: Form, runners: readonly Language[], cast: Cast): unknown {
  const canvas = inTypeScript(form, cast);
  const written = { ...canvas, options: { ...canvas.options, ...callOptions(form, runners) } };
  return JSON.parse(JSON.stringify(written, (key, value) => (key === "task_id" ? undefined : value)));
}

function isForm(value: Form | Literal): value is Form {
  return typeof value === "object" && "kind" in value;
}

/** `echo` returns its arguments: `[args, kwargs]`. */
const echo = (...args: readonly Literal[]): Form => ({ kind: "task", name: "echo", args });
const alone = (...args: readonly Literal[]): Form => ({ kind: "task", name: "echo", args, immutable: true });
/** Fails with ValueError. */
const refuse = (): Form => ({ kind: "task", name: "refuse", args: ["no"] });
/** An error link of one parameter, which Celery sends: it calls others itself. */
const told: Form = { kind: "task", name: "told", args: [], called: "told" };
const seen = (called: string): Form => ({ kind: "task", name: "echo", args: [], called });
/** Replaces itself. */
const replaced = (by: Form): Form => ({ kind: "task", name: "replace", args: [by], immutable: true });
const inChain = (...of: readonly Form[]): Form => ({ kind: "chain", of });
const inGroup = (...of: readonly Form[]): Form => ({ kind: "group", of });
const inChord = (of: readonly Form[], body: Form): Form => ({ kind: "chord", of, body });
const piped = (left: Form, right: Form): Form => ({ kind: "pipe", left, right });

/** Every primitive. */
export const PRIMITIVES: Readonly<Record<string, Form>> = {
  "a task": echo(1, "two"),
  "a chain": inChain(echo(1), echo(2), alone(3), echo()),
  "a group": inGroup(echo(1), echo(2), echo(3)),
  "a chord": inChord([echo(1), echo(2), echo(3)], echo("body")),
  "a map": { kind: "map", name: "echo", items: [1, 2, 3] },
  "a starmap": {
    kind: "starmap",
    name: "echo",
    items: [
      [1, 2],
      [3, 4],
    ],
  },
  chunks: { kind: "chunks", name: "echo", items: [[1], [2], [3], [4], [5]], size: 2 },
  links: { kind: "task", name: "echo", args: [1], link: [seen("first"), seen("second")] },
  "an error link": { kind: "task", name: "refuse", args: ["no"], linkError: [told] },
  "a task that replaces itself": replaced(echo("instead")),
};

/** Nested in ways that people use. */
export const NESTED: Readonly<Record<string, Form>> = {
  "a chain that ends in a group": inChain(echo(0), inGroup(echo(1), echo(2))),
  "a group before a task": inChain(inGroup(echo(1), echo(2)), echo("after")),
  "a chain with a group amid": inChain(echo(0), inGroup(echo(1), echo(2)), echo("after"), echo("end")),
  "a chain of two groups": inChain(inGroup(echo(1), echo(2)), inGroup(echo(3), echo(4))),
  "a chain with a chord amid": inChain(echo(0), inChord([echo(1), echo(2)], echo("body")), echo("end")),
  "a chord in a header": inChord([inChord([echo(1), echo(2)], echo("inner")), echo(3)], echo("outer")),
  "a chord whose body is a chain": inChord([echo(1), echo(2)], inChain(echo("a"), echo("b"))),
  "a chord whose body is a group": inChord([echo(1), echo(2)], inGroup(echo("a"), echo("b"))),
  "chains in a header": inChord([inChain(echo(1), echo(2)), inChain(echo(3), alone(4))], echo("body")),
  "a group in a group": inGroup(inGroup(echo(1), echo(2)), echo(3)),
  "a group in a header": inChord([inGroup(echo(1), echo(2)), echo(3)], echo("body")),
  "a chain in a chain": piped(inChain(echo(1), inChain(echo(2), echo(3))), inChain(echo(4), echo(5))),
  "chains in a group": inGroup(inChain(echo(1), echo(2)), inChain(echo(3), echo(4))),
  "a chord in a group": inGroup(inChord([echo(1), echo(2)], echo("body")), echo(3)),
  "a step that a chain replaces": inChain(echo(1), replaced(inChain(echo(2), echo(3))), echo("end")),
  "a member that a group replaces": inChord([replaced(inGroup(echo(1), echo(2))), echo(3)], echo("body")),
  "a member that a chord replaces": inChord(
    [replaced(inChord([echo(1), echo(2)], echo("inner"))), echo(3)],
    echo("body"),
  ),
  "a chain linked to a task": {
    kind: "task",
    name: "echo",
    args: [1],
    link: [inChain(echo(2), seen("linked"))],
  },
  "a chain that fails": inChain(echo(1), refuse(), echo("never")),
  "a chord that fails": inChord([echo(1), refuse()], echo("never")),
};
