/**
 * Listings that somebody follows: looked at every other second, once for all who would see the same, and told when they
 * have changed. Nothing is looked at while nobody listens.
 */
import { toProblem } from "../http-status.ts";
import type { Problem } from "../problems.ts";

/** A listing as certain callers see it. */
export interface LiveDocument {
  /** Equal for those who see the same. */
  readonly key: string;
  /** The listing as JSON text. */
  read(): Promise<string>;
  /** The text without what changes all the time and tells nothing new. Default: the text. */
  readonly essence?: ((text: string) => string) | undefined;
  /**
   * Something cheap that changes when the listing does: while it stays, the listing is read twice a minute only. Default: it is
   * read every time.
   */
  readonly mark?: (() => Promise<string>) | undefined;
}

/** The listing as JSON text, or why it cannot be had. */
export type LiveNews = { readonly text: string } | { readonly problem: Problem };

export type LiveListener = (news: LiveNews) => void;

export interface LiveOptions {
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Time between looks. Default 2 seconds. */
  readonly everyMs?: number;
}

const EVERY_MS = 2000;
const LONGEST_MS = 30_000;

export class LiveDocuments {
  readonly #options: Required<LiveOptions>;
  readonly #watches = new Map<string, Watch>();

  constructor({ onWarning, everyMs = EVERY_MS }: LiveOptions) {
    this.#options = { onWarning, everyMs };
  }

  /** How many listings are looked at. */
  get size(): number {
    return this.#watches.size;
  }

  /** Tells the listing at once, or as soon as it is known, and whenever it has changed. Returns how to stop; twice is fine. */
  follow(document: LiveDocument, listener: LiveListener): () => void {
    const { key } = document;
    const watch = this.#watches.get(key) ?? new Watch(document, this.#options);
    this.#watches.set(key, watch);
    watch.add(listener);
    return () => {
      watch.remove(listener);
      if (watch.isIdle && this.#watches.get(key) === watch) this.#watches.delete(key);
    };
  }
}

/** One listing and all who follow it. */
class Watch {
  readonly #document: LiveDocument;
  readonly #options: Required<LiveOptions>;
  readonly #listeners = new Set<LiveListener>();
  #news: LiveNews | undefined;
  #essence: string | undefined;
  #mark: string | undefined;
  /** The mark was another one at the last look. */
  #isFresh = false;
  #readAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(document: LiveDocument, options: Required<LiveOptions>) {
    this.#document = document;
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0;
  }

  add(listener: LiveListener): void {
    const isFirst = this.isIdle;
    this.#listeners.add(listener);
    if (isFirst) void this.#look();
    else if (this.#news !== undefined) listener(this.#news);
  }

  remove(listener: LiveListener): void {
    this.#listeners.delete(listener);
    if (this.isIdle) clearTimeout(this.#timer);
  }

  /** Looks, and again in a while: a slow look is never overtaken by the next one. */
  async #look(): Promise<void> {
    try {
      if (await this.#isWorthReading()) this.#tell({ text: await this.#document.read() });
    } catch (error) {
      this.#tell({ problem: this.#problemOf(error) });
    }
    if (this.isIdle) return;
    this.#timer = setTimeout(() => void this.#look(), this.#options.everyMs);
    this.#timer.unref();
  }

  async #isWorthReading(): Promise<boolean> {
    const mark = await this.#document.mark?.();
    const isSame = mark !== undefined && mark === this.#mark;
    const isQuiet = isSame && !this.#isFresh;
    if (isQuiet && performance.now() - this.#readAtMs < LONGEST_MS) return false;
    // The listing may be a second older than the mark: it is read once more at the next look.
    this.#isFresh = !isSame;
    this.#mark = mark;
    this.#readAtMs = performance.now();
    return true;
  }

  /** What went wrong; whoever runs the gateway hears of it once, until it is well again. */
  #problemOf(error: unknown): Problem {
    this.#mark = undefined;
    const problem = toProblem(error);
    const isNew = this.#essence !== essenceOf(problem);
    if (isNew && problem.type === "internal-error")
      this.#options.onWarning("What somebody follows cannot be looked at", error);
    return problem;
  }

  #tell(news: LiveNews): void {
    const { essence = (text: string) => text } = this.#document;
    const now = "text" in news ? essence(news.text) : essenceOf(news.problem);
    if (now === this.#essence) return;
    this.#essence = now;
    this.#news = news;
    for (const listener of [...this.#listeners]) listener(news);
  }
}

/** No listing looks so: all are objects. */
function essenceOf({ type, message }: Problem): string {
  return `${type} ${message}`;
}
