/** Turns items that are pushed into batches that are pulled: an AsyncIterable of whatever gathered since the last pull. */

export interface PushQueue<Item> extends AsyncIterable<readonly Item[]> {
  /** Items pushed and not yet pulled. */
  readonly size: number;
  push(items: readonly Item[]): void;
  /** Ends the iteration and returns what nobody pulled. */
  end(): Item[];
  /** Ends the iteration with an error, after what is already queued. */
  fail(error: Error): void;
}

export function createPushQueue<Item>(): PushQueue<Item> {
  let waiting: Item[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  let failure: Error | undefined;

  const signal = (): void => {
    const waker = wake;
    wake = undefined;
    waker?.();
  };

  const next = async (): Promise<IteratorResult<readonly Item[]>> => {
    while (waiting.length === 0 && !ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      return { done: false, value: batch };
    }
    if (failure !== undefined) {
      const error = failure;
      failure = undefined;
      throw error;
    }
    return { done: true, value: undefined };
  };

  return {
    get size() {
      return waiting.length;
    },
    push(items) {
      if (ended) return;
      waiting = waiting.length === 0 ? [...items] : waiting.concat(items);
      signal();
    },
    end() {
      ended = true;
      const unread = waiting;
      waiting = [];
      signal();
      return unread;
    },
    fail(error) {
      ended = true;
      failure = error;
      signal();
    },
    [Symbol.asyncIterator]: () => ({ next }),
  };
}
