/** Promises in the order in which they end. */

/** How one promise ended. */
export type Settled<Value> =
  | { readonly index: number; readonly value: Value; readonly error: undefined }
  | { readonly index: number; readonly value: undefined; readonly error: unknown };

export async function* inOrderOfCompletion<Value>(
  promises: readonly Promise<Value>[],
): AsyncGenerator<Settled<Value>, void, undefined> {
  const ended: Settled<Value>[] = [];
  let wake = (): void => undefined;
  for (const [index, promise] of promises.entries()) {
    const add = (settled: Settled<Value>): void => {
      ended.push(settled);
      wake();
    };
    promise.then(
      (value) => add({ index, value, error: undefined }),
      (error: unknown) => add({ index, value: undefined, error }),
    );
  }
  for (let at = 0; at < promises.length; at += 1) {
    if (ended.length <= at) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const next = ended[at];
    if (next !== undefined) yield next;
  }
}
