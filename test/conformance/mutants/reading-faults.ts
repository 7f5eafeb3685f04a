/** Faults of readers: messages and stored results that are read wrongly. */
import type { Tagged, TaggedObject } from "../../../conformance/values/tagged.ts";
import { type AnswerMutant, call, type Plant, result } from "./answer-mutant.ts";

const refuses: Plant = () => ({ accept: false, reason: "I cannot read that" });

const inError = (change: Readonly<Record<string, Tagged>>): Plant =>
  result(({ error }) => ({ error: { ...(error as TaggedObject), ...change } }));

const reversed = (value: Tagged | undefined): Tagged => (Array.isArray(value) ? value.toReversed() : null);

export const READING_FAULTS: readonly AnswerMutant[] = [
  {
    name: "timelimit is read as [soft, hard]",
    plant: call(({ timelimit }) => ({ timelimit: reversed(timelimit) })),
    caughtBy: { "decode.option.limits": "fail $.timelimit differs: timelimit is [hard, soft], in seconds" },
  },
  {
    name: "messages of protocol 1 are refused",
    plant: refuses,
    caughtBy: { "decode.proto1.json.plain": "fail $ differs: the outcome is another: I cannot read that" },
  },
  {
    name: "messages that are compressed with zstd are refused",
    plant: refuses,
    caughtBy: { "decode.proto2.json.zstd": "fail $ differs: the outcome is another: I cannot read that" },
  },
  {
    name: "eta is not read",
    plant: call({ eta: null }),
    caughtBy: {
      "decode.option.eta": "fail $.eta differs",
      "decode.option.eta-naive": "fail $.eta differs",
    },
  },
  {
    name: "a naive eta is read as a local time",
    plant: call(({ eta }) => ({
      eta: { $datetime: String((eta as TaggedObject)["$datetime"]).replace(/(Z|\+00:00)$/, "+02:00") },
    })),
    caughtBy: { "decode.option.eta-naive": "fail $.eta differs: an offset belongs to it" },
  },
  {
    name: "expires is not read",
    plant: call({ expires: null }),
    caughtBy: { "decode.option.expires-dt": "fail $.expires differs" },
  },
  {
    name: "retries is not read",
    plant: call({ retries: { $int: "0" } }),
    caughtBy: { "decode.resent.retry": "fail $.retries differs" },
  },
  {
    name: "group is lost",
    plant: call({ group: null }),
    caughtBy: { "decode.workflow.group2.1": "fail $.group differs" },
  },
  {
    name: "group_index is one too high",
    plant: call(({ group_index }) => ({
      group_index: { $int: String(Number((group_index as TaggedObject)["$int"]) + 1) },
    })),
    caughtBy: {
      "decode.workflow.group2.1": "fail $.group_index differs: it counts from 0",
      "decode.workflow.chord2.2": "fail $.group_index differs: it counts from 0",
    },
  },
  {
    name: "group_index 0 is read as nothing",
    plant: call({ group_index: null }),
    caughtBy: { "decode.workflow.group2.1": "fail $.group_index differs" },
  },
  {
    name: "the chain is reversed",
    plant: call(({ chain }) => ({ chain: reversed(chain) })),
    caughtBy: { "decode.workflow.chain3.1": "fail $.chain[0]" },
  },
  {
    name: "the chain is lost",
    plant: call({ chain: null }),
    caughtBy: { "decode.workflow.chain3.1": "fail $.chain[0] differs: the steps that follow" },
  },
  {
    name: "the chord is read from a member of another name",
    plant: call({ chord: null }),
    caughtBy: { "decode.workflow.chord2.1": "fail $.chord[0] differs: the body" },
  },
  {
    name: "the chord's group is lost",
    plant: call(({ chord }) => {
      const { options, ...body } = chord as TaggedObject;
      const { group_id: _, ...rest } = options as TaggedObject;
      return { chord: { ...body, options: rest } };
    }),
    caughtBy: { "decode.workflow.chord2.1": "fail $.chord[0].options.group_id differs" },
  },
  {
    name: "callbacks are read as those for errors",
    plant: call(({ callbacks = null, errbacks = null }) => ({ callbacks: errbacks, errbacks: callbacks })),
    caughtBy: { "decode.option.link": "fail $.callbacks[0]" },
  },
  {
    name: "immutable is lost",
    plant: call(({ chain }) => ({
      chain: (chain as readonly TaggedObject[]).map((step) => ({ ...step, immutable: false })),
    })),
    caughtBy: { "decode.workflow.chain-immutable.1": "fail $.chain[0].immutable differs" },
  },
  {
    name: "ignore_result is not read",
    plant: call({ ignore_result: false }),
    caughtBy: { "decode.option.ignore-result": "warn $.ignore_result differs" },
  },
  {
    name: "stamps are not read",
    plant: call({ stamps: {} }),
    caughtBy: { "decode.option.stamped": "warn $.stamps" },
  },
  {
    name: "FAILURE is read as SUCCESS",
    plant: result(({ error = null }) => ({ state: "SUCCESS", error: undefined, value: error })),
    caughtBy: { "decode.result.json.fail": "fail $.state differs" },
  },
  {
    name: "REVOKED is read as FAILURE",
    plant: result({ state: "FAILURE" }),
    caughtBy: { "decode.result.json.revoked": "fail $.state differs" },
  },
  {
    name: "the class of an error is lost",
    plant: inError({ type: "Exception" }),
    caughtBy: { "decode.result.json.fail": "fail $.error.type differs" },
  },
  {
    name: "the arguments of an error are one text",
    plant: inError({ args: "('bad value', 42)" }),
    caughtBy: { "decode.result.json.fail": "fail $.error.args differs" },
  },
  {
    name: "the traceback is lost",
    plant: result({ traceback: null }),
    caughtBy: { "decode.result.json.fail": "warn $.traceback differs" },
  },
  {
    name: "children are lost",
    plant: result({ children: [] }),
    caughtBy: { "decode.result.json.children": "warn $.children" },
  },
  {
    name: "task_id of a result is empty",
    plant: result({ task_id: "" }),
    caughtBy: { "decode.result.json.success": "fail $.task_id differs" },
  },
  {
    name: "date_done is read as a local time",
    plant: result(({ date_done }) => ({
      date_done: { $datetime: String((date_done as TaggedObject)["$datetime"]).replace(/\+.*$/, "+02:00") },
    })),
    caughtBy: { "decode.result.json.success": "warn $.date_done differs" },
  },
  {
    name: "compressed results are refused",
    plant: refuses,
    caughtBy: {
      "decode.result.json.gzip.state.success": "fail $ differs: the outcome is another",
      "decode.result.json.zstd.state.success": "fail $ differs: the outcome is another",
    },
  },
  {
    name: "RETRY is read as FAILURE",
    plant: result({ state: "FAILURE" }),
    caughtBy: { "decode.result.json.state.retry": "fail $.state differs" },
  },
];
