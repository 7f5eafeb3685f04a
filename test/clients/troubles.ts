/** What clients have to do at the servers that make trouble. */
import type { Seen } from "./front.ts";

/** What a Retry-After of 1 s may be short by: clocks are read in milliseconds. */
const CLOCK_MS = 20;
const ATTEMPTS = 4;

/** What was wrong, in words; none when a client with all features did as it should. */
export function describeTrouble(seen: readonly Seen[]): readonly string[] {
  return [...look(seen)];
}

function* look(seen: readonly Seen[]): Generator<string> {
  const posts = seen.filter(({ method }) => method === "POST");
  for (const { at, path, key } of posts)
    if (key === undefined) yield `${at}: POST ${path} came without an Idempotency-Key`;
  yield* lookAtRepeats(posts, "busy", ["refused", "refused", "passed"]);
  yield* lookAtRepeats(posts, "cut", ["cut", "passed"]);
  yield* lookAtRepeats(posts, "down", Array<Seen["did"]>(ATTEMPTS).fill("refused"));
  yield* lookAtStreams(seen.filter(({ path }) => path.endsWith("/events")));
}

function* lookAtRepeats(
  posts: readonly Seen[],
  at: Seen["at"],
  wanted: readonly Seen["did"][],
): Generator<string> {
  const keys = new Set(posts.filter((post) => post.at === at).map(({ key }) => key));
  if (keys.size === 0) yield `${at}: nothing was sent there`;
  for (const key of keys) {
    const same = posts.filter((post) => post.at === at && post.key === key);
    const did = same.map((post) => post.did).join();
    if (did !== wanted.join()) yield `${at}: the requests with one key were ${did}, not ${wanted.join()}`;
    if (new Set(same.map(({ digest }) => digest)).size > 1) yield `${at}: a repeat had another body`;
    if (at === "busy") yield* lookAtPauses(same);
  }
}

function* lookAtPauses(same: readonly Seen[]): Generator<string> {
  for (const [index, { arrivedMs }] of same.entries()) {
    const before = same[index - 1];
    if (before !== undefined && arrivedMs - before.arrivedMs < 1000 - CLOCK_MS)
      yield `busy: a repeat came after ${Math.round(arrivedMs - before.arrivedMs)} ms, though Retry-After was 1 s`;
  }
}

function* lookAtStreams(streams: readonly Seen[]): Generator<string> {
  const broken = streams.find(({ did }) => did === "cut");
  if (broken === undefined) return yield "cut: no stream was opened there";
  const again = streams.find(({ did, path }) => did === "passed" && path === broken.path);
  if (again?.lastEventId !== broken.lastPassedId)
    yield `cut: a stream that was cut after the event ${broken.lastPassedId} was opened again with Last-Event-ID ${again?.lastEventId}`;
}
