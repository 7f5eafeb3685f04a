/** The step that asks a gateway. */
import { isPlainObject, toError } from "../../../protocol/index.ts";
import { missingFrom } from "../../expect/subset.ts";
import type { Difference } from "../../values/compare.ts";
import { tag } from "../../values/tag.ts";
import type { Tagged } from "../../values/tagged.ts";
import { type Perform, required, type Stage, wrong } from "../stage.ts";

/** Longest body that is read of an answer, in bytes. */
const MAX_ANSWER = 1024 * 1024;
/** How much of an answer a report shows. */
const MAX_SHOWN = 2000;

export const http: Perform<"http"> = async (step, stage) => {
  const url = new URL(named(step.path, stage), required(stage.gatewayUrl, "a gateway"));
  const body = bodyOf(step.body, stage)?.replace("$fill", "x".repeat(step.fill ?? 0));
  const headers = Object.fromEntries(
    Object.entries(step.headers ?? {}).map(([name, value]) => [name, named(value, stage)]),
  );
  if (body !== undefined && step.headers?.["content-type"] === undefined)
    headers["content-type"] = "application/json";
  let response: Response;
  try {
    const signal = AbortSignal.timeout(stage.timeoutMs);
    response = await fetch(url, {
      method: step.method,
      headers,
      signal,
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    return wrong(`${step.method} ${url.pathname} was not answered: ${toError(error).message}`);
  }
  const text = (await response.text()).slice(0, MAX_ANSWER);
  stage.note(`${step.method} ${url.pathname}${url.search} -> ${response.status} ${text.slice(0, MAX_SHOWN)}`);
  const answer = parse(text);
  for (const [name, place] of Object.entries(step.save ?? {})) {
    const value = place.startsWith("header:") ? response.headers.get(place.slice(7)) : at(answer, place);
    if (typeof value === "string" || typeof value === "number") remember(name, String(value), stage);
  }
  return [
    ...statusDifference(step.status, response.status),
    ...headerDifferences(step.answerHeaders ?? {}, response.headers, stage),
    ...(step.answer === undefined
      ? []
      : missingFrom(replaced(step.answer, stage) as Tagged, tag(answer), ["body"])),
  ];
};

/** A task has the id that the gateway gave it from then on, also where another one was recorded. */
function remember(name: string, value: string, { saved, ids, given }: Stage): void {
  saved.set(name, value);
  const recorded = ids.get(name);
  if (recorded === undefined) return;
  given.set(recorded, value);
  ids.set(name, value);
}

function statusDifference(expected: number, actual: number): readonly Difference[] {
  if (expected === actual) return [];
  return [
    { weight: "must", path: "$.status", expected: { $int: `${expected}` }, actual: { $int: `${actual}` } },
  ];
}

function headerDifferences(
  expected: Readonly<Record<string, string | null>>,
  actual: Headers,
  stage: Stage,
): readonly Difference[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const text = actual.get(name);
    const got = name === "content-type" ? (text?.split(";")[0] ?? null) : text;
    const isRight = value === null ? got !== null : got === named(value, stage);
    return isRight
      ? []
      : [{ weight: "must" as const, path: `$.headers.${name}`, expected: value ?? "any text", actual: got }];
  });
}

function bodyOf(body: unknown, stage: Stage): string | undefined {
  if (body === undefined) return undefined;
  return typeof body === "string" ? named(body, stage) : JSON.stringify(replaced(body, stage));
}

/** `$name` within a text stands for what was saved, for the id of a task, or for the queue. */
function named(text: string, { saved, ids, queue }: Stage): string {
  return text.replace(/\$([a-z][a-z0-9]*)/g, (whole, name: string) => {
    if (name === "queue") return queue;
    return saved.get(name) ?? ids.get(name) ?? whole;
  });
}

function replaced(value: unknown, stage: Stage): unknown {
  if (typeof value === "string") return named(value, stage);
  if (Array.isArray(value)) return value.map((item) => replaced(item, stage));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaced(member, stage)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The member at a JSON Pointer. */
function at(value: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((inner, name) => {
      if (Array.isArray(inner)) return inner[Number(name)];
      return isPlainObject(inner) ? inner[name] : undefined;
    }, value);
}
