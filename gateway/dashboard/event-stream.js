/** Server-sent events over fetch: the browser's EventSource cannot send a key. */
import { request } from "./api.js";

const RETRY_MS = 2000;

/**
 * Follows a stream, and connects again when it breaks. `on` is called with the name and the data of each event, `onLost` when
 * the connection breaks, and `onRefused` when the gateway refuses; then it is over. Returns how to stop.
 */
export function openEvents(path, { on, onLost = () => undefined, onRefused }) {
  const stop = new AbortController();
  void follow(path, { on, onLost, onRefused }, stop.signal);
  return () => stop.abort();
}

async function follow(path, { on, onLost, onRefused }, signal) {
  let lastId = "";
  while (!signal.aborted) {
    try {
      const response = await request(path, {
        headers: lastId === "" ? {} : { "last-event-id": lastId },
        signal,
      });
      if (response.status === 204) return;
      if (!response.ok) {
        if (!signal.aborted) onRefused();
        return;
      }
      for await (const { id, name, data } of events(response.body)) {
        if (signal.aborted) return;
        lastId = id;
        on(name, data);
      }
    } catch (error) {
      if (signal.aborted) return;
      // Broken connections are TypeErrors; others are mistakes of this page.
      if (!(error instanceof TypeError)) throw error;
    }
    if (signal.aborted) return;
    onLost();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Events of the gateway's form: each is lines of `field: value`, ended by an empty line. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map(toField));
      if (fields.data !== undefined)
        yield { id: fields.id, name: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

function toField(line) {
  const colon = line.indexOf(": ");
  return colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
}
