/** What a row of the suite is: a fault, the brokers and forms it comes in, and what it may cost. */
import type { Scene } from "./scene.ts";

export type BrokerName = "rabbitmq" | "redis" | "sqlite";
export const BROKERS: readonly BrokerName[] = ["rabbitmq", "redis", "sqlite"];

/** One form of a fault; each is a line of the table. */
export interface FaultCase {
  readonly name: string;
  /** Default: all brokers of the fault. */
  readonly brokers?: readonly BrokerName[];
  /** Default: prefork. */
  readonly pool?: "prefork" | "threads";
  /** Of the queue on RabbitMQ. Default: classic. */
  readonly queueType?: "classic" | "quorum";
  /** Size of a disk of its own for SQLite's file, in MB. */
  readonly diskMb?: number;
  /** Result store of a fault with servers of its own. Default: redis. */
  readonly results?: "redis" | "postgres";
  /** `broker_transport_options`, in camelCase. */
  readonly transportOptions?: Readonly<Record<string, unknown>>;
}

/** A figure that must not be above its limit. */
export interface Check {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
}

/** What a row found out, beside what the ledger says. */
export interface Findings {
  /** What was done to the workers, in a few words, and how often. */
  readonly broken: { readonly times: number; readonly what: string };
  /** How many ends beyond the first the fault may cost. */
  readonly duplicates: number;
  /** From the fault to the last new start of what it interrupted; undefined where nothing is to recover. */
  readonly recovery?: { readonly seconds: number; readonly limit: number };
  /** Ids of tasks that must end as dead letters. */
  readonly dead?: readonly string[];
  /** Ids of tasks that the broker must still hold. */
  readonly later?: readonly string[];
  /** Ids of tasks that Celery's Python workers have lost, as was seen; how many they may is the row's. */
  readonly lostByPython?: readonly string[];
  /** Ids of tasks that the broker has lost with its data, and of which the gateway says so. */
  readonly reportedLost?: readonly string[];
  /** Messages beyond those that it may still hold: doubles. Default: 0. */
  readonly left?: number;
  readonly checks?: readonly Check[];
  /** A sentence for below the table. */
  readonly remark?: string;
}

export interface Fault {
  /** `F2` */
  readonly name: string;
  readonly what: string;
  readonly brokers: readonly BrokerName[];
  /** Default: one, without a name. */
  readonly cases?: readonly FaultCase[];
  /** It breaks the servers, and gets some of its own: {@link Scene.servers}. */
  readonly ownServers?: true;
  /** Does it and waits until its consequences are over; idle workers may still run then. Throws {@link NotHere} where it cannot be done. */
  run(scene: Scene): Promise<Findings>;
}

/** This machine lacks something; the message says what. */
export class NotHere extends Error {}
