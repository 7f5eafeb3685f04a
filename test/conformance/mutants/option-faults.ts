/** Faults of producers: options of a call that go wrong on their way into the message. */
import { textOf } from "../../../conformance/values/tagged.ts";
import { type AnswerMutant, headers, parts } from "./answer-mutant.ts";

/** A time as it stands on the clocks of Berlin. */
function onLocalClocks(time: string): string {
  return new Date(Date.parse(time) + 3_600_000).toISOString().slice(0, -1);
}

const local = (name: string) => headers((given) => ({ [name]: onLocalClocks(textOf(given[name]) ?? "") }));

export const OPTION_FAULTS: readonly AnswerMutant[] = [
  {
    name: "eta is a local time without an offset",
    plant: local("eta"),
    caughtBy: { "encode.option.eta": "fail $.eta differs: an offset belongs to it" },
  },
  {
    name: "eta is a number",
    plant: headers({ eta: { $float: "1893553445.678" } }),
    caughtBy: { "encode.option.eta": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "eta is lost",
    plant: headers({ eta: null }),
    caughtBy: {
      "encode.option.eta": "fail $.eta differs",
      "encode.option.countdown10": "fail $.eta differs: it must be a time between",
    },
  },
  {
    name: "countdown is in milliseconds",
    plant: headers(({ eta }) => ({ eta: new Date(Date.parse(textOf(eta) ?? "") - 9990).toISOString() })),
    caughtBy: { "encode.option.countdown10": "fail $.eta differs: it must be a time between" },
  },
  {
    name: "expires is lost",
    plant: headers({ expires: null }),
    caughtBy: {
      "encode.option.expires-dt": "fail $.expires differs",
      "encode.option.expires-60": "fail $.expires differs: it must be a time between",
    },
  },
  {
    name: "expires is seconds",
    plant: headers({ expires: { $int: "60" } }),
    caughtBy: { "encode.option.expires-60": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "timelimit is [soft, hard]",
    plant: headers(({ timelimit }) => ({
      timelimit: Array.isArray(timelimit) ? timelimit.toReversed() : null,
    })),
    caughtBy: { "encode.option.limits": "fail $.timelimit differs: timelimit is [hard, soft], in seconds" },
  },
  {
    name: "time limits are in milliseconds",
    plant: headers({ timelimit: [{ $int: "30000" }, { $int: "20500" }] }),
    caughtBy: { "encode.option.limits": "fail $.timelimit differs: timelimit is [hard, soft], in seconds" },
  },
  {
    name: "retries is a text",
    plant: headers({ retries: "0" }),
    caughtBy: { "encode.option.defaults": "fail $" },
  },
  {
    name: "shadow is lost",
    plant: headers({ shadow: null }),
    caughtBy: { "encode.option.shadow-headers": "warn $.shadow differs" },
  },
  {
    name: "the caller's headers are lost",
    plant: headers({ tenant: undefined, n: undefined }),
    caughtBy: { "encode.option.shadow-headers": "fail $.headers.tenant differs" },
  },
  {
    name: "ignore_result is the other way round",
    plant: headers(({ ignore_result }) => ({ ignore_result: ignore_result !== true })),
    caughtBy: {
      "encode.option.ignore-result": "warn $.ignore_result differs",
      "encode.option.defaults": "warn $.ignore_result differs",
    },
  },
  {
    name: "stamps are lost",
    plant: headers({ stamps: {} }),
    caughtBy: { "encode.option.stamped": "warn $.stamps" },
  },
  {
    name: "stamped_headers is lost",
    plant: headers({ stamped_headers: null }),
    caughtBy: { "encode.option.stamped": "warn $.headers.stamped_headers" },
  },
  {
    name: "root_id is another id",
    plant: headers({ root_id: "00000000-0000-4000-8000-000000000000" }),
    caughtBy: { "encode.option.defaults": "warn $.root_id differs" },
  },
  {
    name: "parent_id is the task's own id",
    plant: headers(({ id = null }) => ({ parent_id: id })),
    caughtBy: { "encode.option.defaults": "warn $.parent_id differs" },
  },
  {
    name: "callbacks are lost",
    plant: parts(([args, kwargs, embed]) => [args, kwargs, { ...embed, callbacks: null }]),
    caughtBy: { "encode.option.link": "fail $.callbacks" },
  },
  {
    name: "callbacks for errors are lost",
    plant: parts(([args, kwargs, embed]) => [args, kwargs, { ...embed, errbacks: null }]),
    caughtBy: { "encode.option.link": "fail $.errbacks" },
  },
  {
    name: "callbacks for errors are in the place of the others",
    plant: parts(([args, kwargs, { callbacks, errbacks, ...embed }]) => [
      args,
      kwargs,
      { ...embed, callbacks: errbacks, errbacks: callbacks },
    ]),
    caughtBy: { "encode.option.link": "fail $.callbacks[0].task differs" },
  },
];
