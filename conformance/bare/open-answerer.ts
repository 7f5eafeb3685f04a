import { type Answerer, Session, type SessionOptions } from "../ccp/session.ts";
import { BareWorker } from "./worker.ts";

/** Starts what answers commands: an adapter, or what answers for a worker that has none. */
export function openAnswerer(options: SessionOptions): Answerer {
  const { bare } = options;
  return bare === undefined ? new Session(options) : new BareWorker(options, bare);
}
