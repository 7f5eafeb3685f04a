import type { Awaitable } from "./serializer.ts";

/** Goes on with a value now, or when its promise has it. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Throws, or rejects with, what `toThrow` makes of an error of `attempt`. */
export function mapError<T>(attempt: () => Awaitable<T>, toThrow: (error: unknown) => unknown): Awaitable<T> {
  try {
    const value = attempt();
    if (!(value instanceof Promise)) return value;
    return value.catch((error: unknown) => {
      throw toThrow(error);
    });
  } catch (error) {
    throw toThrow(error);
  }
}
