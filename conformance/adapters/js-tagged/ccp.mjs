/**
 * What adapters in JavaScript share: tagged values, and the loop that answers CCP/1. docs/conformance.md has both.
 *
 *     await answer({ start: () => ({ name: ... }), publish: async ({ call }) => ({ id: ... }) });
 */
import { createInterface } from "node:readline";

/** What a language or a library has no means for; the answer is `skipped`. */
export class CannotSay extends Error {}

const READERS = {
  $int(digits) {
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) throw new CannotSay(`numbers of JavaScript do not reach ${digits}`);
    return number;
  },
  $float: (text) => Number(text.replace("inf", "Infinity")),
  $nan: () => Number.NaN,
  $dict: (members) => Object.fromEntries(members.map(([key, item]) => [keyOf(key), untag(item)])),
};

function keyOf(key) {
  if (typeof key !== "string") throw new CannotSay("objects of JavaScript have text as keys");
  return key;
}

/** Tagged JSON as values of JavaScript. */
export function untag(value) {
  if (Array.isArray(value)) return value.map(untag);
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value);
  const [name, content] = members.length === 1 ? members[0] : ["", null];
  if (Object.hasOwn(READERS, name)) return READERS[name](content);
  if (name.startsWith("$")) throw new CannotSay(`JSON of JavaScript has no ${name}`);
  return Object.fromEntries(members.map(([key, item]) => [key, untag(item)]));
}

/** Options of a call. Times are Dates, those in seconds from now too; `countdown` becomes `eta`. */
export function readOptions(options) {
  const { countdown, ...given } = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, untag(value?.$datetime ?? value)]),
  );
  const later = (seconds) => new Date(Date.now() + seconds * 1000);
  if (countdown !== undefined) given.eta = later(countdown);
  for (const name of ["eta", "expires"]) {
    if (name in given)
      given[name] = typeof given[name] === "number" ? later(given[name]) : new Date(given[name]);
  }
  return given;
}

/** Values of JavaScript as tagged JSON; undefined becomes null. */
export function tag(value) {
  if (Array.isArray(value)) return value.map(tag);
  if (typeof value === "number") return tagNumber(value);
  if (value === null || typeof value !== "object") return value ?? null;
  const members = Object.entries(value).map(([key, item]) => [key, tag(item)]);
  const isAmbiguous = members.length === 1 && members[0][0].startsWith("$");
  return isAmbiguous ? { $dict: members } : Object.fromEntries(members);
}

function tagNumber(value) {
  if (Number.isNaN(value)) return { $nan: true };
  if (Object.is(value, -0)) return { $float: "-0.0" };
  if (Number.isInteger(value)) return { $int: String(BigInt(value)) };
  return { $float: String(value).replace("Infinity", "inf") };
}

/** What stands for an exception in a stored result, as the `error` of an answer. */
export function errorOf(stored) {
  const { exc_type = null, exc_message = null } = stored ?? {};
  return { type: exc_type, message: [exc_message].flat().join(", ") };
}

/** Answers commands until `stop`, several at a time. Other programs may write to standard error only. */
export async function answer(commands) {
  console.log = console.info = console.error;
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if (command.cmd === "stop") break;
    void run(commands, command).then((said) => {
      process.stdout.write(`${JSON.stringify({ ...said, seq: command.seq })}\n`);
    });
  }
  process.exit(0);
}

async function run(commands, command) {
  try {
    const does = commands[command.cmd];
    if (does === undefined) throw new CannotSay(`this adapter has no ${command.cmd}`);
    const said = await does(command);
    return command.cmd === "start" ? { ...said, commands: namesOf(commands) } : said;
  } catch (error) {
    if (error instanceof CannotSay) return { skipped: true, message: error.message };
    return { errored: true, message: String(error), trace: String(error?.stack) };
  }
}

/** What is asked of every adapter need not be told. */
function namesOf(commands) {
  return Object.keys(commands).filter((name) => !["start", "configure"].includes(name));
}
