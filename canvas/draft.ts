/**
 * A canvas while it is being worked on: what a signature says, with its members as objects that can be given ids. Drafts
 * never leave this folder; {@link toDraft} and {@link toSignature} are its doors.
 */
import { DecodeError, type PlainObject, parseSignature, type Signature, setOwn } from "../protocol/index.ts";

/** Celery's options of a signature, by Celery's names. The signatures in `link`, `link_error` and `chord` are drafts. */
export type DraftOptions = Record<string, unknown>;

export type DraftKind = "task" | "chain" | "group" | "chord";

export interface Draft {
  kind: DraftKind;
  task: string;
  args: readonly unknown[];
  /** Without `tasks`, `header` and `body`. */
  kwargs: PlainObject;
  options: DraftOptions;
  immutable: boolean;
  /** Steps of a chain, members of a group, members of a chord's header; empty for a task. */
  tasks: Draft[];
  /** Of a chord: what its header's results go to. */
  body: Draft | undefined;
  /** Of a chord: the options of the header when that is a group; undefined while it is a list. */
  headerOptions: DraftOptions | undefined;
}

/** Signatures within signatures, at most: what a stranger nests deeper is refused before it fills the stack. */
const MAX_NESTING = 100;

const BUILT_IN: Readonly<Record<Exclude<DraftKind, "task">, string>> = {
  chain: "celery.chain",
  group: "celery.group",
  chord: "celery.chord",
};

/** A draft of that kind with these members and nothing else. */
export function createDraft(kind: Exclude<DraftKind, "task">, tasks: Draft[], body?: Draft): Draft {
  return {
    kind,
    task: BUILT_IN[kind],
    args: [],
    kwargs: {},
    options: {},
    immutable: false,
    tasks,
    body,
    headerOptions: undefined,
  };
}

/** A signature as a draft of its own. Throws DecodeError `bad_body` for what is no signature, or one nested too deeply. */
export function toDraft(signature: Signature, field = "signature", depth = 0): Draft {
  if (depth > MAX_NESTING) {
    throw new DecodeError("too_deep", `"${field}" nests signatures more than ${MAX_NESTING} levels deep.`);
  }
  const inner = (value: unknown, name: string): Draft =>
    toDraft(parseSignature(value, name), name, depth + 1);
  const { task, args, immutable, subtask_type: type } = signature;
  const draft: Draft = {
    kind: type === "chain" || type === "group" || type === "chord" ? type : "task",
    task,
    args,
    kwargs: signature.kwargs,
    options: optionsToDraft(signature.options, inner),
    immutable,
    tasks: [],
    body: undefined,
    headerOptions: undefined,
  };
  if (draft.kind === "task") return isChunks(draft) ? toStarmaps(draft, inner) : draft;
  const { tasks, header, body, ...kwargs } = signature.kwargs;
  if (draft.kind === "chord") {
    draft.tasks = headerMembers(header, inner);
    if (isObject(header) && header["subtask_type"] === "group") draft.headerOptions = {};
    draft.body = body === undefined || body === null ? undefined : inner(body, "body");
    draft.kwargs = isObject(kwargs["kwargs"]) ? kwargs["kwargs"] : {};
  } else {
    draft.tasks = members(tasks, "tasks", inner);
    draft.kwargs = kwargs;
  }
  return draft;
}

type Inner = (value: unknown, name: string) => Draft;

function members(value: unknown, field: string, inner: Inner): Draft[] {
  if (!Array.isArray(value)) throw new DecodeError("bad_body", `"${field}" must be an array of signatures.`);
  return value.map((member: unknown) => inner(member, field));
}

/** A header is a list of signatures, or a group or chain for its members, or one signature alone. */
function headerMembers(header: unknown, inner: Inner): Draft[] {
  if (Array.isArray(header)) return members(header, "header", inner);
  const draft = inner(header, "header");
  return draft.kind === "group" || draft.kind === "chain" ? draft.tasks : [draft];
}

/** Options as they come with a call. */
export function toDraftOptions(options: PlainObject): DraftOptions {
  return optionsToDraft(options, (value, name) => toDraft(parseSignature(value, name), name, 1));
}

function optionsToDraft(options: PlainObject, inner: Inner): DraftOptions {
  const own: DraftOptions = {};
  for (const [name, value] of Object.entries(options)) {
    if (name === "link" || name === "link_error") {
      const list = value === null || value === undefined ? [] : [value].flat();
      own[name] = list.map((link) => inner(link, name));
    } else if (name === "chord" && value !== null && value !== undefined) own[name] = inner(value, name);
    else if (name === "chain" && Array.isArray(value)) own[name] = value.map((step) => inner(step, name));
    else setOwn(own, name, value);
  }
  return own;
}

/** The wire's form. One draft always gives one and the same object within a `memo`: a chord's body goes into every member. */
export function toSignature(draft: Draft, memo: Map<Draft, Signature> = new Map()): Signature {
  const known = memo.get(draft);
  if (known !== undefined) return known;
  const { task, args, immutable, kind } = draft;
  const written = {
    task,
    args,
    kwargs: toKwargs(draft, memo),
    options: optionsToWire(draft.options, memo),
    subtask_type: kind === "task" ? null : kind,
    immutable,
  };
  memo.set(draft, written);
  return written;
}

function toKwargs(draft: Draft, memo: Map<Draft, Signature>): PlainObject {
  const tasks = draft.tasks.map((member) => toSignature(member, memo));
  switch (draft.kind) {
    case "task":
      return draft.kwargs;
    case "chord": {
      const { headerOptions, body, kwargs } = draft;
      const header =
        headerOptions === undefined
          ? tasks
          : { ...EMPTY_GROUP, kwargs: { tasks }, options: optionsToWire(headerOptions, memo) };
      return { kwargs, header, body: body === undefined ? null : toSignature(body, memo) };
    }
    default:
      return { ...draft.kwargs, tasks };
  }
}

const EMPTY_GROUP = { task: BUILT_IN.group, args: [], subtask_type: "group", immutable: false } as const;

/** The options on the wire. */
export function optionsToWire(options: DraftOptions, memo: Map<Draft, Signature> = new Map()): PlainObject {
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (name === "link" || name === "link_error" || name === "chain") {
      wire[name] = Array.isArray(value) ? value.map((link: Draft) => toSignature(link, memo)) : value;
    } else if (name === "chord" && isObject(value)) wire[name] = toSignature(value as unknown as Draft, memo);
    else setOwn(wire, name, value);
  }
  return wire;
}

/** A copy that shares nothing which freezing changes; arguments are shared. As in Celery, the header of a copy is a list again. */
export function cloneDraft(draft: Draft): Draft {
  return {
    ...draft,
    options: cloneOptions(draft.options),
    tasks: draft.tasks.map(cloneDraft),
    body: draft.body === undefined ? undefined : cloneDraft(draft.body),
    headerOptions: undefined,
  };
}

function cloneOptions(options: DraftOptions): DraftOptions {
  const own = { ...options };
  for (const name of ["link", "link_error", "chain"] as const) {
    const list = own[name];
    if (Array.isArray(list)) own[name] = list.map((link: Draft) => withOwnOptions(link));
  }
  if (isObject(own["chord"])) own["chord"] = withOwnOptions(own["chord"] as unknown as Draft);
  return own;
}

/** What hangs on a signature waits as it is. */
function withOwnOptions(draft: Draft): Draft {
  return { ...draft, options: cloneOptions(draft.options) };
}

/** The drafts linked under that name. */
export function links(
  draft: { readonly options: DraftOptions },
  name: "link" | "link_error",
): readonly Draft[] {
  return (draft.options[name] as readonly Draft[] | undefined) ?? [];
}

/** `celery.chunks` runs nowhere: it stands for a group of `celery.starmap`. */
function isChunks({ task, kwargs }: Draft): boolean {
  return task === "celery.chunks" && Array.isArray(kwargs["it"]) && isObject(kwargs["task"]);
}

function toStarmaps({ kwargs, options }: Draft, inner: Inner): Draft {
  const { task, it, n } = kwargs;
  if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 1) {
    throw new DecodeError("bad_body", '"n" of celery.chunks must be a whole number, 1 or more.');
  }
  const items = it as readonly unknown[];
  const parts = Array.from({ length: Math.ceil(items.length / n) }, (_, at) =>
    inner({ ...STARMAP, kwargs: { task, it: items.slice(at * n, at * n + n) } }, "task"),
  );
  return { ...createDraft("group", parts), options };
}

const STARMAP = { task: "celery.starmap", subtask_type: null, immutable: true } as const;

function isObject(value: unknown): value is PlainObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
