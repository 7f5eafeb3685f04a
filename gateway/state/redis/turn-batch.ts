/** What one turn of the event loop asks for, asked for together: a script for many costs little more than one for one. */

export interface TurnBatchOptions<Item, Answer> {
  /** Asks; resolves with an answer to each, in their order. */
  readonly ask: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** How much an item weighs; items of more than `maxWeight` together are not asked for at once. */
  readonly weigh: (item: Item) => number;
  readonly maxWeight: number;
}

interface Batch<Item, Answer> {
  readonly items: Item[];
  readonly answers: Promise<readonly Answer[]>;
  weight: number;
}

export class TurnBatch<Item, Answer> {
  readonly #options: TurnBatchOptions<Item, Answer>;
  #open: Batch<Item, Answer> | undefined;

  constructor(options: TurnBatchOptions<Item, Answer>) {
    this.#options = options;
  }

  /** The answer to this item; undefined when there is none. Rejects as the question does. */
  ask(item: Item): Promise<Answer | undefined> {
    const weight = this.#options.weigh(item);
    if (this.#open !== undefined && this.#open.weight + weight > this.#options.maxWeight)
      this.#open = undefined;
    this.#open ??= this.#begin();
    const batch = this.#open;
    batch.weight += weight;
    const at = batch.items.push(item) - 1;
    return batch.answers.then((answers) => answers[at]);
  }

  #begin(): Batch<Item, Answer> {
    const items: Item[] = [];
    const answers = new Promise<readonly Answer[]>((resolve, reject) => {
      setImmediate(() => {
        if (this.#open?.items === items) this.#open = undefined;
        this.#options.ask(items).then(resolve, reject);
      });
    });
    return { items, answers, weight: 0 };
  }
}
