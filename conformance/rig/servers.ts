/** The servers of a run: those that were named, or embedded ones. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "../../protocol/index.ts";
import { startRecorder } from "../recorder/index.ts";
import type { ServerKind } from "../suite/scenario.ts";

/** A broker and a result store, for an implementation and for the runner. */
export interface Servers {
  readonly kind: ServerKind;
  readonly brokerUrl: string;
  readonly backendUrl: string;
  close(): Promise<void>;
}

/** Which servers to use; embedded ones where nothing is named. */
export interface ServerChoice {
  /** `redis://...`, `amqp://...`, `sqlite` for a database file of the run's own, or undefined for the embedded recorder. */
  readonly broker?: string | undefined;
  /** Default: the broker where it is a store too, or else the recorder. */
  readonly backend?: string | undefined;
  /** Further databases or virtual hosts of that broker, as URLs: each for one worker at a time that others must not disturb. */
  readonly rooms?: readonly string[] | undefined;
}

const SCHEMES: readonly (readonly [prefix: RegExp, kind: ServerKind])[] = [
  [/^rediss?:/, "redis"],
  [/^amqps?:|^pyamqp:/, "amqp"],
  [/^sqlite$|^sqla\+sqlite:/, "sqlite"],
];

/** The kind of broker that a choice comes to. Throws ConfigurationError. */
export function kindOf({ broker }: ServerChoice): ServerKind {
  if (broker === undefined) return "redis";
  const found = SCHEMES.find(([prefix]) => prefix.test(broker));
  if (found !== undefined) return found[1];
  throw new ConfigurationError(
    `The broker ${broker} is none of redis://, rediss://, amqp://, amqps:// and sqlite.`,
  );
}

/** Whether every worker can have servers of its own, as many as there are. */
export function isEmbedded({ broker }: ServerChoice): boolean {
  return broker === undefined || broker === "sqlite";
}

/** Opens the servers of a run or, where they are embedded, of a scenario. */
export async function openServers(choice: ServerChoice): Promise<Servers> {
  const { broker, backend } = choice;
  const kind = kindOf(choice);
  if (broker === undefined) {
    const recorder = await startRecorder();
    return {
      kind,
      brokerUrl: `${recorder.url}/0`,
      backendUrl: backend ?? `${recorder.url}/0`,
      close: () => recorder.close(),
    };
  }
  if (broker === "sqlite") return openSqlite(backend);
  if (kind === "amqp" && backend === undefined) {
    const recorder = await startRecorder();
    return { kind, brokerUrl: broker, backendUrl: `${recorder.url}/0`, close: () => recorder.close() };
  }
  const store = backend ?? (kind === "sqlite" ? broker.replace(/^sqla\+/, "db+") : broker);
  return { kind, brokerUrl: broker, backendUrl: store, close: async () => undefined };
}

function openSqlite(backend: string | undefined): Servers {
  const folder = mkdtempSync(join(tmpdir(), "celerity-conformance-"));
  const file = join(folder, "broker.sqlite");
  return {
    kind: "sqlite",
    brokerUrl: `sqla+sqlite:///${file}`,
    backendUrl: backend ?? `db+sqlite:///${join(folder, "results.sqlite")}`,
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
