/** Requests to the gateway: their credentials, time limits and repeats. */
import { type ApiError, apiError, CelerityError, NetworkError } from "./errors.ts";
import { parseJson, writeJson } from "./json.ts";

export const VERSION = "0.1.0";

/** How requests are sent. */
export interface ClientOptions {
  /** Seconds for one request. Default 30. */
  readonly timeout?: number;
  /** How often a request is sent at most, the first time included. Default 4. */
  readonly attempts?: number;
  /** Seconds before the first repeat; doubled for each further one, and a random part of it is waited. Default 0.25. */
  readonly firstDelay?: number;
  /** Integers beyond 2^53 in answers become bigints instead of rounded numbers. Default false. */
  readonly exactNumbers?: boolean;
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  /** Begins with a slash. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An answer that goes on. */
export interface OpenAnswer {
  readonly status: number;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Ends it; who reads it gets the reason. */
  readonly stop: (reason?: unknown) => void;
}

const TIMEOUT_S = 30;
/** Longest time that one request waits at the gateway. */
const SLICE_S = 20;
const MAX_DELAY_S = 10;
const MAX_RETRY_AFTER_S = 60;
export const MAX_ANSWER_BYTES: number = 64 * 1024 * 1024;
const RETRIED = new Set([429, 502, 503, 504]);

export class Transport {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: ClientOptions;

  constructor(url: string, key: string | undefined, options: ClientOptions) {
    this.#url = url.replace(/\/+$/, "");
    this.#options = options;
    this.#headers = {
      // Browsers have a name of their own.
      ...("document" in globalThis ? {} : { "user-agent": `celerity-typescript/${VERSION}` }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...options.headers,
    };
  }

  /** Sends it, and repeats it while that may help. Throws ApiError, NetworkError, or the reason of the signal. */
  async send(request: Request): Promise<Answer> {
    return await this.#repeat(request.signal, async () => {
      const limit = AbortSignal.timeout((this.#options.timeout ?? TIMEOUT_S) * 1000);
      const signal = request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]);
      const response = await this.#fetch(request, signal);
      const text = await readText(response);
      if (response.status >= 400) throw this.#toError(response, text);
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? undefined : this.#parse(text),
      };
    });
  }

  /** An answer that goes on until `stop`; the time limit counts until it begins. */
  async open(request: Request): Promise<OpenAnswer> {
    return await this.#repeat(request.signal, async () => {
      const stop = new AbortController();
      const signal =
        request.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, request.signal]);
      const late = new Error("it did not begin in time");
      const limit = setTimeout(() => stop.abort(late), (this.#options.timeout ?? TIMEOUT_S) * 1000);
      const response = await this.#fetch(request, signal).finally(() => clearTimeout(limit));
      if (response.status >= 400) throw this.#toError(response, await readText(response));
      return { status: response.status, body: response.body, stop: (reason) => stop.abort(reason) };
    });
  }

  /** Seconds that one request may wait at the gateway: less than its time limit. */
  get longestWait(): number {
    return Math.min(SLICE_S, ((this.#options.timeout ?? TIMEOUT_S) * 2) / 3);
  }

  parse(text: string): unknown {
    return parseJson(text, this.#options.exactNumbers ?? false);
  }

  async #repeat<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    const { attempts = 4, firstDelay = 0.25 } = this.#options;
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        signal?.throwIfAborted();
        const failure = error instanceof CelerityError ? error : networkError(error);
        if (count >= attempts || !mayHelp(failure)) throw failure;
        const delay = Math.random() * Math.min(firstDelay * 2 ** (count - 1), MAX_DELAY_S);
        const asked = "retryAfter" in failure ? Number(failure.retryAfter ?? 0) : 0;
        await sleep(Math.max(delay, Math.min(asked, MAX_RETRY_AFTER_S)), signal);
      }
    }
  }

  async #fetch({ method, path, body, headers }: Request, signal: AbortSignal): Promise<Response> {
    const ask = this.#options.fetch ?? globalThis.fetch;
    return await ask(this.#url + path, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: writeJson(body) }),
      redirect: "error",
      signal,
    });
  }

  #parse(text: string): unknown {
    try {
      return this.parse(text);
    } catch (error) {
      throw new CelerityError("The answer is not JSON: is this the URL of a gateway?", { cause: error });
    }
  }

  #toError(response: Response, text: string): ApiError {
    let raw: unknown;
    try {
      raw = this.parse(text);
    } catch {
      raw = undefined; // Of a proxy between.
    }
    const members = isObject(raw) ? raw : { detail: text.slice(0, 500) };
    return apiError(response.status, members, retryAfter(response.headers));
  }
}

/** Seconds until then; undefined when the header is not there, or is neither a number nor a date. */
export function retryAfter(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

export function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mayHelp(error: CelerityError): boolean {
  if (error instanceof NetworkError) return true;
  const { status, type } = error as Partial<ApiError>;
  return RETRIED.has(status ?? 0) || (status === 409 && type === "idempotency-in-progress");
}

function networkError(cause: unknown): NetworkError {
  const deeper = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : undefined;
  const message = deeper ?? (cause instanceof Error ? cause.message : String(cause));
  return new NetworkError(`No answer from the gateway: ${message}`, { cause });
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel();
      throw new CelerityError(`The answer has more than ${MAX_ANSWER_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
