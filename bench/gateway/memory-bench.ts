/** Memory of a gateway, by who is connected. */
import { type Bench, type Contender, nodeProgram } from "../lib/bench.ts";
import { gateway } from "./bench.ts";

const CONNECTED = 500;

/** What the program that connects is told. */
export interface MemoryInput {
  readonly url: string;
  /** Requests that wait for results that do not come, and event streams. */
  readonly waits: number;
  readonly streams: number;
  /** Of rest before memory is measured. */
  readonly seconds: number;
}

export const gatewayMemoryBench: Bench = {
  name: "gateway-memory",
  title: `resident memory of a gateway, with ${CONNECTED} callers or none, after some seconds of rest`,
  servers: ["redis"],
  count: 3,
  metrics: [{ key: "mb", heading: "MB", digits: 1, better: "lower" }],
  contenders: [
    contender("nobody", 0, 0),
    contender(`${CONNECTED} wait for results`, CONNECTED, 0),
    contender(`${CONNECTED} event streams`, 0, CONNECTED),
  ],
};

function contender(name: string, waits: number, streams: number): Contender {
  return {
    name,
    role: "celerity",
    case: name,
    background: (run) => gateway(run, ["--result-backend", run.resultsUrl]),
    program: ({ port, count }) => {
      const input: MemoryInput = { url: `http://127.0.0.1:${port}`, waits, streams, seconds: count };
      return nodeProgram("gateway/memory", input);
    },
  };
}
