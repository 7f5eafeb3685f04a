import type { JSX } from "preact";
import type { HistoryEvent } from "../../lib/history.ts";
import type { Tone } from "../../lib/states.ts";
import { clock, duration, fullTime, span } from "../../lib/time.ts";
import { groupEvents } from "./timeline-groups.ts";

/** What a type of event is called, and its colour. */
const TYPES: Readonly<Record<string, readonly [name: string, tone: Tone]>> = {
  accepted: ["Accepted by the gateway", "quiet"],
  held: ["Held by the gateway", "waiting"],
  published: ["Confirmed by the broker", "quiet"],
  replayed: ["Sent again", "retrying"],
  sent: ["Sent", "quiet"],
  received: ["Received by a worker", "waiting"],
  started: ["Started", "running"],
  progress: ["Progress", "running"],
  retried: ["Failed, to be tried again", "retrying"],
  succeeded: ["Succeeded", "good"],
  failed: ["Failed", "bad"],
  revoked: ["Revoked", "gone"],
  rejected: ["Rejected", "gone"],
  lost: ["Lost", "bad"],
  callback: ["Callback", "quiet"],
};

/** What happened, one line each, and how long after the line before. */
export function Timeline({ events }: { readonly events: readonly HistoryEvent[] }): JSX.Element {
  const groups = groupEvents(events);
  return (
    <ol class="timeline" aria-label="What happened">
      {groups.map(({ event, count }, at) => {
        const [name, tone] = TYPES[event.type] ?? [event.type, "quiet"];
        const before = groups[at - 1]?.event;
        return (
          <li key={`${at} ${event.type}`} data-type={event.type}>
            <span class={`dot ${tone}`} aria-hidden="true" />
            <div class="timeline-what">
              <p>
                <strong>{name}</strong>
                {count > 1 && <span class="quiet-text"> {count} times</span>}
                {event.worker && (
                  <span class="quiet-text">
                    {" "}
                    on <code>{event.worker}</code>
                  </span>
                )}
              </p>
              <Details event={event} />
            </div>
            <time dateTime={event.at} title={fullTime(event.at)}>
              {isLater(before, event) && <span>+{span(before.at, event.at)}</span>} {clock(event.at)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}

/** Gaps that a clock of milliseconds does not show are not worth a word. */
function isLater(before: HistoryEvent | undefined, event: HistoryEvent): before is HistoryEvent {
  return before !== undefined && Date.parse(event.at) > Date.parse(before.at);
}

function Details({ event }: { readonly event: HistoryEvent }): JSX.Element | null {
  const { exception, progress, eta, retries, runtime_s: ran, detail } = event;
  const facts = [
    detail,
    eta !== undefined && `for ${fullTime(eta)}`,
    retries !== undefined && retries > 0 && `retry ${retries}`,
    ran !== undefined && `ran ${duration(ran * 1000)}`,
  ].filter(Boolean);
  if (facts.length === 0 && exception === undefined && progress === undefined) return null;
  return (
    <>
      {facts.length > 0 && <p class="quiet-text">{facts.join(" · ")}</p>}
      {exception !== undefined && <p class="timeline-text">{exception}</p>}
      {progress !== undefined && <p class="timeline-text">{JSON.stringify(progress)}</p>}
    </>
  );
}
