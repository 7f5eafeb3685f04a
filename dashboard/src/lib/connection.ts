/** Whether the gateway can be heard, over all connections of the page. */
import { createStore, type Store } from "./store.ts";

/** A connection that is wanted. */
type Connection = "open" | "lost";

const connections = new Map<string, Connection>();

/** True while a connection is lost that a view needs. */
export const isLost: Store<boolean> = createStore(false);

/** A connection by its name; undefined when it is not needed any more. */
export function setConnection(name: string, state: Connection | undefined): void {
  if (state === undefined) connections.delete(name);
  else connections.set(name, state);
  isLost.set([...connections.values()].includes("lost"));
}

/** Sends `back` when the gateway answers again: who waits to connect need not wait on. */
export const gatewaySignals: EventTarget = new EventTarget();
