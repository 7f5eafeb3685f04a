/** A broker that takes nothing for a while, with tasks at work and others coming in: what F7, F17 and F22 have in common. */
import {
  type Answer,
  checkAnswers,
  checkRefusals,
  isUnconfirmed,
  type Period,
  refusedIn,
  secondsToAccept,
} from "./answers.ts";
import { Door } from "./door.ts";
import type { Check, Findings } from "./fault.ts";
import { HELD, type Scene } from "./scene.ts";

/** Workers on the broker. */
export const WORKERS = 2;
/** Of all tasks, those that are asked for while the broker is broken, and as many again afterwards. */
const PART = 20;
/** How long gateway and workers have to notice, before anything that is asked for must be refused. */
const NOTICE_MS = 200;

export interface Outage {
  /** `SIGSTOP` */
  readonly what: string;
  /** Seconds until something starts again. */
  readonly recoveryLimit: number;
  /** Resolves when the load may be broken into. */
  readonly underWay: () => Promise<unknown>;
  /** Breaks the broker; `pids` are those of the workers and the gateway. */
  readonly begin: (pids: readonly number[]) => Promise<void>;
  /** How long it stays broken. */
  readonly seconds: number;
  /** Mends it; resolves when it answers. */
  readonly end: () => Promise<void>;
  /** Whether it answers nothing or refuses while it is broken, so that every request must be refused. Default true. */
  readonly refuses?: boolean;
  /** Ends beyond the first that it may cost; default: what workers held, and what was refused without the broker's word. */
  readonly duplicates?: (told: Told) => number;
  readonly checks?: (told: Told) => readonly Check[];
  /** Of each worker. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What was seen. */
export interface Told {
  readonly answers: readonly Answer[];
  readonly broken: Period;
}

export async function breakBroker(scene: Scene, outage: Outage): Promise<Findings> {
  const { env = {}, refuses = true } = outage;
  const part = Math.ceil(scene.options.tasks / PART);
  const [door, ...workers] = await Promise.all([
    Door.open(scene),
    ...Array.from({ length: WORKERS }, () => scene.startWorker({ env })),
  ]);
  await door.send(scene.options.tasks);
  await outage.underWay();
  const fromMs = Date.now();
  const programs = [...door.processes, ...workers];
  await outage.begin(programs.map(({ pid }) => pid));
  await scene.pause(NOTICE_MS);
  const begunAtMs = Date.now();
  const asked = door.send(part);
  // A failure is told to who waits for it.
  asked.catch(() => undefined);
  await scene.pause(Math.max(0, fromMs + outage.seconds * 1000 - Date.now()));
  const ended = await scene.endedOf(programs);
  const toMs = Date.now();
  await outage.end();
  const healedAtMs = Date.now();
  await asked;
  await door.send(part);
  await scene.settled();
  const { answers } = door;
  const told = { answers, broken: { fromMs, toMs: healedAtMs } };
  const refused = refusedIn(answers, told.broken);
  const duplicates = outage.duplicates ?? (() => WORKERS * HELD + refused.filter(isUnconfirmed).length);
  return {
    broken: { times: 1, what: outage.what },
    duplicates: duplicates(told),
    recovery: { seconds: secondsToStart(scene, healedAtMs), limit: outage.recoveryLimit },
    checks: [
      {
        what: "seconds until the gateway accepts",
        value: secondsToAccept(answers, healedAtMs),
        limit: outage.recoveryLimit,
      },
      { what: "workers and gateways that ended", value: ended, limit: 0 },
      ...checkAnswers(answers),
      ...(refuses ? checkRefusals(answers, { fromMs: begunAtMs, toMs }) : []),
      ...(outage.checks?.(told) ?? []),
    ],
    remark: `${refused.length} requests were refused meanwhile, and accepted when they were repeated`,
  };
}

/** From a moment to the first start after it. */
export function secondsToStart(
  { ledger }: Scene,
  atMs: number,
  isWanted: (id: string) => boolean = () => true,
): number {
  const later = ledger.notes("start").filter((start) => start.atMs >= atMs && isWanted(start.id));
  return (Math.min(...later.map((start) => start.atMs)) - atMs) / 1000;
}
