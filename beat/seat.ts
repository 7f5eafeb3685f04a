/**
 * The seam that makes one of many beats the leader, and remembers what was run.
 *
 * At most one beat has the seat. It has it for a *term*, which others may end when it has not renewed it for
 * {@link LEASE_MS}. Each term has a number, higher than all before: the fencing token. A seat takes what is written with
 * the number of the current term and refuses everything else, however late it arrives, so that a beat that was asleep
 * (SIGSTOP, a paused machine, a long pause of the network) cannot change anything any more.
 *
 * A run is sent in three steps:
 *
 * 1. The leader writes that it takes the run on: the entry's last run moves on, and the instant is `pending`.
 * 2. When the seat has taken that, the leader looks at its own clocks: only while its lease has {@link MARGIN_MS} left, in
 *    which nobody else can have the seat, it publishes, with an id made of the entry's name and that instant.
 * 3. When the broker has confirmed, it writes that the run is no longer pending.
 *
 * Whoever has the seat next begins with what is pending and carries on from the last run. So nothing is missed: a leader
 * that dies before step 1 leaves the run due, one that dies after it leaves the run pending. A run can be sent twice only
 * when the leader dies, or its connection to the broker does, between the message's arrival there and step 3, or when it is
 * stopped within the moment between the look at the clock and the write to the socket. Both messages then have the same id;
 * and before a leader sends what another has left pending, or what it could not send itself, it asks the result store, where
 * there is one, and sends nothing when the task has a result already.
 * No beat can exclude the rest: broker and seat cannot change in one step, and a broker knows no fencing. A task for which
 * running twice is worse than not at all can look at its id.
 */
import type { EntryState } from "./entry.ts";

/** How long a term lasts without being renewed. */
export const LEASE_MS = 6000;
/** How often it is renewed. */
export const RENEW_MS = 1500;
/** How often those without the seat try to take it. With the lease: takeover within 7 s. */
export const RETRY_MS = 500;
/** Nothing is published when less than this is left. */
export const MARGIN_MS = 1000;

/** The number of a term; a higher one ends all lower ones. */
export type Term = number;

/** Calls reject when the place of the seat cannot be reached, and may then be repeated. */
export interface Seat {
  readonly name: string;
  /** Takes the seat for a new term; undefined while another has it. */
  acquire(): Promise<Term | undefined>;
  /** Lengthens the term by {@link LEASE_MS} from now; false when it is over. */
  renew(term: Term): Promise<boolean>;
  /** Leaves the seat to others at once; nothing happens when the term is over. */
  release(term: Term): Promise<void>;
  /** Where all entries stand, by name. What cannot be read is left out. */
  read(): Promise<Map<string, EntryState>>;
  /** Keeps states, and forgets those that are undefined; false, and changes nothing, when the term is over. */
  write(term: Term, states: ReadonlyMap<string, EntryState | undefined>): Promise<boolean>;
  /** Twice is fine. */
  close(): Promise<void>;
}
