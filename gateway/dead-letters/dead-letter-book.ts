/** The dead letters of a queue, for callers: looked at at most once a second, and by one request at a time. */
import {
  type App,
  type DeadLetter,
  type DeadLetterVerdict,
  lookAtDeadLetters,
  originalMessage,
  visitDeadLetters,
} from "../../app/index.ts";
import { ConfigurationError, type WireMessage } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";

/** A letter without its message. */
export interface LetterSummary extends Omit<DeadLetter, "message" | "position"> {
  /** Size of the message's body. */
  readonly bytes: number;
}

export interface DeadLetterBookOptions {
  readonly app: App;
  /** Letters of a queue that are looked at, the oldest first. */
  readonly limit: number;
}

/** A letter that was sent again, and the message that was sent. */
export interface Replayed {
  readonly letter: DeadLetter;
  readonly message: WireMessage;
}

const ANSWER_AGE_MS = 1000;

export class DeadLetterBook {
  readonly #options: DeadLetterBookOptions;
  readonly #pages = new Map<
    string,
    { readonly askedAtMs: number; readonly letters: Promise<readonly LetterSummary[]> }
  >();
  /** The last look into each queue: where looking is taking, two at once would each see a part. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: DeadLetterBookOptions) {
    this.#options = options;
  }

  /** The oldest letters, as they were within the last second. */
  list(queue: string): Promise<readonly LetterSummary[]> {
    const known = this.#pages.get(queue);
    if (known !== undefined && performance.now() - known.askedAtMs < ANSWER_AGE_MS) return known.letters;
    const letters = this.#inTurn(queue, () => this.#read(queue));
    this.#pages.set(queue, { askedAtMs: performance.now(), letters });
    letters.catch(() => this.#pages.delete(queue));
    return letters;
  }

  async #read(queue: string): Promise<readonly LetterSummary[]> {
    const { app, limit } = this.#options;
    const letters: LetterSummary[] = [];
    await lookAtDeadLetters(app, queue, limit, ({ message, position: _position, ...letter }) => {
      letters.push({ ...letter, bytes: message.body.byteLength });
      return true;
    });
    return letters;
  }

  /** Throws Problem `unknown-dead-letter`. */
  async find(queue: string, id: string): Promise<DeadLetter> {
    const { app, limit } = this.#options;
    let found: DeadLetter | undefined;
    await this.#inTurn(queue, () =>
      lookAtDeadLetters(app, queue, limit, (letter) => {
        if (letter.id === id) found = letter;
        return found === undefined;
      }),
    );
    return found ?? unknownLetter(queue);
  }

  /**
   * Sends one again, to the queue it came from. Throws what `requireAllowed` does, and Problem `unknown-dead-letter` and
   * `not-replayable`.
   */
  async replay(queue: string, id: string, requireAllowed: (letter: DeadLetter) => void): Promise<Replayed> {
    try {
      const letter = await this.#settle(queue, id, (found) => {
        requireAllowed(found);
        return "replay";
      });
      return { letter, message: originalMessage(letter) };
    } catch (error) {
      throw error instanceof ConfigurationError ? new Problem("not-replayable", { members: { id } }) : error;
    }
  }

  /** Removes one for good. Throws Problem `unknown-dead-letter`. */
  async drop(queue: string, id: string): Promise<void> {
    await this.#settle(queue, id, () => "drop");
  }

  async #settle(
    queue: string,
    id: string,
    judge: (letter: DeadLetter) => DeadLetterVerdict,
  ): Promise<DeadLetter> {
    const { app, limit } = this.#options;
    let found: DeadLetter | undefined;
    await this.#inTurn(queue, () =>
      visitDeadLetters(app, queue, limit, (letter) => {
        if (letter.id !== id || found !== undefined) return "keep";
        found = letter;
        return judge(letter);
      }),
    );
    this.#pages.delete(queue);
    return found ?? unknownLetter(queue);
  }

  #inTurn<Result>(queue: string, work: () => Promise<Result>): Promise<Result> {
    const result = (this.#last.get(queue) ?? Promise.resolve()).then(work);
    this.#last.set(
      queue,
      result.catch(() => undefined),
    );
    return result;
  }
}

function unknownLetter(queue: string): never {
  throw new Problem("unknown-dead-letter", { members: { queue } });
}
