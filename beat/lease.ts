/** The term of a leader as the leader sees it: renewed while it lasts, and known to be over in time. */
import type { Clock } from "./clock.ts";
import { LEASE_MS, MARGIN_MS, RENEW_MS, type Seat, type Term } from "./seat.ts";

export interface Lease {
  readonly term: Term;
  /** Aborted when the term is over. */
  readonly over: AbortSignal;
  /** Whether nobody else can have the seat during the next {@link MARGIN_MS}. */
  isOurs(): boolean;
  /** Ends the term here: the seat has said that another one has it. */
  lose(): void;
  /** Renews no more, and leaves the seat to others. */
  end(): Promise<void>;
}

/** Takes the seat; undefined while another has it. `onTrouble` is told why it could not be renewed. */
export async function takeLease(
  seat: Seat,
  clock: Clock,
  onTrouble: (error: unknown) => void,
): Promise<Lease | undefined> {
  const stop = new AbortController();
  const over = new AbortController();
  // The answer may be long under way: what counts is when the question was asked.
  let since = instant(clock);
  const term = await seat.acquire();
  if (term === undefined) return undefined;

  /** By both clocks: one stands still while the machine is suspended, the other may be set back. */
  const ageMs = (): number => Math.max(clock.elapsed() - since.elapsedMs, clock.now() - since.nowMs);
  const isOurs = (): boolean => !over.signal.aborted && ageMs() < LEASE_MS - MARGIN_MS;

  const renew = async (): Promise<void> => {
    const asked = instant(clock);
    try {
      if (await seat.renew(term)) since = asked;
      else over.abort();
    } catch (error) {
      onTrouble(error);
    }
    if (!isOurs()) over.abort();
  };
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(RENEW_MS, stop.signal);
      if (stop.signal.aborted || over.signal.aborted) return;
      await renew();
    }
  })();

  return {
    term,
    over: over.signal,
    isOurs,
    lose: () => over.abort(),
    async end() {
      stop.abort();
      await renewing;
      if (!over.signal.aborted) await seat.release(term);
    },
  };
}

function instant(clock: Clock): { readonly nowMs: number; readonly elapsedMs: number } {
  return { nowMs: clock.now(), elapsedMs: clock.elapsed() };
}
