/** Reads a document for a component. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, get, type Params, withParams } from "./api.ts";

/** What came of reading. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** Reads it again; what is there stays until the answer came. */
  readonly reload: () => void;
}

interface State<T> {
  readonly path: string | undefined;
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
}

/** Reads `path` now, whenever it or a parameter is another one, and on `reload()`. Without a path it reads nothing. */
export function useLoad<T>(path: string | undefined, params: Params = {}): Loaded<T> {
  const whole = path === undefined ? undefined : withParams(path, params);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<State<T>>({
    path: whole,
    data: undefined,
    error: undefined,
    isLoading: true,
  });
  // A further round reads the same again.
  useEffect(() => {
    if (whole === undefined) return;
    const stop = new AbortController();
    setState((old) => ({
      path: whole,
      data: old.path === whole ? old.data : undefined,
      // Said until it is over: a note that comes and goes with each try is read out each time.
      error: old.path === whole ? old.error : undefined,
      isLoading: true,
    }));
    get<T>(whole, {}, stop.signal).then(
      (data) => setState({ path: whole, data, error: undefined, isLoading: false }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setState((old) => ({ ...old, error, isLoading: false }));
      },
    );
    return () => stop.abort();
  }, [whole, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const isCurrent = state.path === whole;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    isLoading: whole !== undefined && (!isCurrent || state.isLoading),
    reload,
  };
}
