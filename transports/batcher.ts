/** Collects items for one turn of the event loop and hands them on together. */

export interface Batcher<Item> {
  /** Resolves with the batch that carries the item; all items of a batch share one promise. */
  add(item: Item): Promise<void>;
  /** Resolves when nothing is waiting or under way; rejects when the last flush did. */
  idle(): Promise<void>;
}

interface Batch<Item> {
  readonly items: Item[];
  readonly done: Promise<void>;
  readonly settle: (outcome: Promise<void>) => void;
}

/** `flush` gets at most `maxItems` at a time; batches are flushed in order of arrival and may overlap. */
export function createBatcher<Item>(
  flush: (items: readonly Item[]) => Promise<void>,
  maxItems: number,
): Batcher<Item> {
  let open: Batch<Item> | undefined;
  const running = new Set<Promise<void>>();

  const close = (batch: Batch<Item>): void => {
    if (open === batch) open = undefined;
    const flushed = flush(batch.items);
    running.add(flushed);
    const forget = (): void => void running.delete(flushed);
    flushed.then(forget, forget);
    batch.settle(flushed);
  };

  return {
    add(item) {
      if (open === undefined) {
        const batch = newBatch<Item>();
        open = batch;
        const flushBatch = (): void => {
          if (open === batch) close(batch);
        };
        // At rest a lone item goes at once; under load, everything read from the sockets in this turn joins the batch.
        if (running.size === 0) queueMicrotask(flushBatch);
        else setImmediate(flushBatch);
      }
      const batch = open;
      batch.items.push(item);
      if (batch.items.length >= maxItems) close(batch);
      return batch.done;
    },
    async idle() {
      if (open !== undefined) close(open);
      await Promise.all(running);
    },
  };
}

function newBatch<Item>(): Batch<Item> {
  let settle: (outcome: Promise<void>) => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { items: [], done, settle };
}
