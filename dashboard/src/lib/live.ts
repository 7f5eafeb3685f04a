/** Documents that the gateway sends again whenever they changed, over one connection for the whole page. */
import { useEffect, useState } from "preact/hooks";
import { ApiError, withParams } from "./api.ts";
import { setConnection } from "./connection.ts";
import { openStream } from "./events.ts";
import { keyState } from "./key.ts";

/** What `GET /v1/live` knows. */
export type Topic =
  | "workers"
  | "queues"
  | "schedules"
  | "dead-letters"
  | "hooks"
  | "hooks"
  | "hook-deliveries"
  | "webhook-deliveries"
  | "webhook-endpoints"
  | "stats";

/** What is known of a topic. */
export interface Live<T> {
  /** The document; undefined until it came. */
  readonly data: T | undefined;
  /** The connection is away: the data may be old. */
  readonly isStale: boolean;
  /** Why nothing comes; the topic may not be allowed. */
  readonly error: ApiError | undefined;
}

interface Problem {
  readonly type: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const EMPTY: Live<unknown> = { data: undefined, isStale: false, error: undefined };
/** Views that come and go within this time cost one connection. */
const SETTLE_MS = 30;

const documents = new Map<Topic, Live<unknown>>();
const followers = new Map<Topic, Set<(live: Live<unknown>) => void>>();
let connected = "";
let stop: (() => void) | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Follows a topic. `T` is the document of the matching listing. */
export function useLive<T>(topic: Topic): Live<T> {
  const [live, setLive] = useState<Live<unknown>>(EMPTY);
  useEffect(() => {
    const mine = followers.get(topic) ?? new Set();
    followers.set(topic, mine.add(setLive));
    setLive(documents.get(topic) ?? EMPTY);
    settle();
    return () => {
      mine.delete(setLive);
      if (mine.size > 0) return;
      followers.delete(topic);
      documents.delete(topic);
      settle();
    };
  }, [topic]);
  return live as Live<T>;
}

function settle(): void {
  clearTimeout(timer);
  timer = setTimeout(connect, SETTLE_MS);
}

/** One connection for the topics that are followed now. */
function connect(): void {
  const topics = [...followers.keys()].sort().join(",");
  // With another key, other topics may be allowed.
  const wanted = `${keyState.get().version} ${topics}`;
  if (wanted === connected) return;
  stop?.();
  connected = wanted;
  stop = undefined;
  setConnection("live", undefined);
  if (topics === "") return;
  stop = openStream(withParams("v1/live", { topics }), {
    onOpen: () => setConnection("live", "open"),
    onLost() {
      setConnection("live", "lost");
      for (const [topic, live] of documents) tell(topic, { ...live, isStale: true });
    },
    onRefused(error) {
      setConnection("live", undefined);
      for (const topic of followers.keys()) tell(topic, { data: undefined, isStale: true, error });
    },
    onEvent({ name, data }) {
      if (name === "denied") deny(JSON.parse(data));
      else if (name === "unavailable") miss(JSON.parse(data));
      else tell(name as Topic, { data: JSON.parse(data), isStale: false, error: undefined });
    },
  });
}

function deny({ topic, scope }: { readonly topic: Topic; readonly scope: string }): void {
  const error = new ApiError(403, { title: "Not allowed", detail: `This needs the scope ${scope}.` });
  tell(topic, { ...EMPTY, error });
}

/** What is known stays, and is said to be old. */
function miss({ topic, problem }: { readonly topic: Topic; readonly problem: Problem }): void {
  const data = documents.get(topic)?.data;
  tell(topic, { data, isStale: true, error: new ApiError(problem.status, problem) });
}

function tell(topic: Topic, live: Live<unknown>): void {
  const listeners = followers.get(topic);
  if (listeners === undefined) return;
  documents.set(topic, live);
  for (const listener of listeners) listener(live);
}
