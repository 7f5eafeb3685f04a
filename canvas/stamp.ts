/** Stamping: headers for all tasks of a canvas, chosen by a visitor. Source: celery/canvas.py `stamp` of each class, 5.7. */
import { isPlainObject, type PlainObject, type Signature, setOwn } from "../protocol/index.ts";
import { createDraft, type Draft, links, toDraft, toSignature } from "./draft.ts";
import { copyStamps, mergeStamps, type StampHeaders } from "./stamp-headers.ts";

/** Stamps by name; `stamped_headers` lists which of them are stamps, if not all are: the others become options. */
export type Stamps = Readonly<PlainObject>;

/**
 * Chooses stamps: each function gets a part of the canvas and the stamps handed down to it, and returns more, which what
 * is inside gets too. Source: celery/canvas.py `StampingVisitor`.
 */
export interface StampingVisitor {
  /** For each task. */
  onSignature(signature: Signature, headers: Stamps): Stamps;
  onChainStart?(chain: Signature, headers: Stamps): Stamps;
  onChainEnd?(chain: Signature, headers: Stamps): void;
  onGroupStart?(group: Signature, headers: Stamps): Stamps;
  onGroupEnd?(group: Signature, headers: Stamps): void;
  /** Default: {@link onGroupStart} of the header. */
  onChordHeaderStart?(chord: Signature, headers: Stamps): Stamps;
  /** Default: {@link onGroupEnd} of the header. */
  onChordHeaderEnd?(chord: Signature, headers: Stamps): void;
  /** For the body of a chord, which is stamped by visitors only. */
  onChordBody?(chord: Signature, headers: Stamps): Stamps;
  /** For each link, before it is visited as a signature. */
  onCallback?(callback: Signature, headers: Stamps): Stamps;
  /** For each error link, before it is visited as a signature. */
  onErrback?(errback: Signature, headers: Stamps): Stamps;
}

export interface StampOptions {
  /** Without one, all tasks but the bodies of chords get `headers`. */
  readonly visitor?: StampingVisitor | undefined;
  /** Handed down from the start. */
  readonly headers?: Stamps | undefined;
  /** A name stamped twice keeps all values, as a list. Default false: the value that was handed down stays. */
  readonly append?: boolean | undefined;
}

/** A copy of the canvas whose tasks and links are stamped. */
export function stampCanvas(signature: Signature, options: StampOptions): Signature {
  const draft = toDraft(signature);
  // Stamps grow in place while they are merged; what the caller holds is left alone.
  new Stamper(options).stamp(draft, copyStamps(options.headers ?? {}));
  return toSignature(draft);
}

type Hook = (signature: Signature, headers: Stamps) => unknown;

class Stamper {
  readonly #visitor: StampingVisitor | undefined;
  readonly #append: boolean;

  constructor({ visitor, append = false }: StampOptions) {
    this.#visitor = visitor;
    this.#append = append;
  }

  stamp(draft: Draft, handed: StampHeaders): void {
    switch (draft.kind) {
      case "chain":
        this.#stampChain(draft, handed);
        break;
      case "group":
        this.#stampGroup(draft, handed);
        break;
      case "chord":
        this.#stampChord(draft, handed);
        break;
      default:
        this.#stampTask(draft, handed);
    }
  }

  #stampTask(task: Draft, handed: StampHeaders): void {
    this.#stampLinks(task, handed, this.#append);
    const visited = this.#visit(task, handed, this.#visitor?.onSignature);
    const stamps = this.#merge(task, handed, visited);
    for (const [name, value] of Object.entries(stamps)) setOwn(task.options, name, value);
  }

  #stampChain(chain: Draft, handed: StampHeaders): void {
    const headers = this.#merge(chain, handed, this.#visit(chain, handed, this.#visitor?.onChainStart));
    // Links of a chain never append, as in Celery.
    this.#stampLinks(chain, headers, false);
    for (const step of chain.tasks) this.stamp(step, headers);
    this.#visit(chain, headers, this.#visitor?.onChainEnd);
  }

  #stampGroup(group: Draft, handed: StampHeaders): void {
    const headers = this.#merge(group, handed, this.#visit(group, handed, this.#visitor?.onGroupStart));
    this.#stampLinks(group, headers, this.#append);
    for (const member of group.tasks) this.stamp(member, headers);
    this.#visit(group, headers, this.#visitor?.onGroupEnd);
  }

  #stampChord(chord: Draft, handed: StampHeaders): void {
    const visitor = this.#visitor;
    const headers = this.#merge(chord, handed, this.#visitHeader(chord, handed));
    this.#stampLinks(chord, headers, this.#append);
    for (const member of chord.tasks) this.stamp(member, headers);
    if (visitor === undefined) return;
    if (visitor.onChordHeaderEnd !== undefined) this.#visit(chord, headers, visitor.onChordHeaderEnd);
    else this.#visit(headerOf(chord), headers, visitor.onGroupEnd);
    if (chord.body === undefined) return;
    const visited = this.#visit(chord, headers, visitor.onChordBody);
    this.stamp(chord.body, this.#merge(chord, headers, visited));
  }

  /** As in Celery, a header that is visited as a group becomes one, also on the wire. */
  #visitHeader(chord: Draft, handed: StampHeaders): StampHeaders | undefined {
    const visitor = this.#visitor;
    if (visitor?.onChordHeaderStart !== undefined)
      return this.#visit(chord, handed, visitor.onChordHeaderStart);
    if (visitor !== undefined) chord.headerOptions ??= {};
    return this.#visit(headerOf(chord), handed, visitor?.onGroupStart);
  }

  /** A link gets no stamps of the signature that it hangs on, but those of the links before it. */
  #stampLinks(draft: Draft, handed: StampHeaders, append: boolean): void {
    const hooks = { link: this.#visitor?.onCallback, link_error: this.#visitor?.onErrback };
    for (const name of ["link", "link_error"] as const) {
      let headers = copyStamps(handed);
      for (const link of links(draft, name)) {
        headers = mergeStamps(headers, this.#visit(link, headers, hooks[name]), undefined, append);
        this.#with(append).stamp(link, headers);
      }
    }
  }

  #with(append: boolean): Stamper {
    return append === this.#append ? this : new Stamper({ visitor: this.#visitor, append });
  }

  #merge(draft: Draft, handed: StampHeaders, visited: StampHeaders | undefined): StampHeaders {
    return mergeStamps(handed, visited, draft.options, this.#append);
  }

  /** What the visitor returns, nothing when it has no such function; undefined without a visitor. */
  #visit(draft: Draft, headers: StampHeaders, hook: Hook | undefined): StampHeaders | undefined {
    if (this.#visitor === undefined) return undefined;
    const visited = hook?.call(this.#visitor, toSignature(draft), { ...headers });
    return isPlainObject(visited) ? copyStamps(visited) : {};
  }
}

function headerOf(chord: Draft): Draft {
  return { ...createDraft("group", chord.tasks), options: chord.headerOptions ?? {} };
}
