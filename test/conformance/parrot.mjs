// An adapter that answers from the vectors themselves, and does one thing wrong: `node parrot.mjs <vectors> <fault>`.
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , folder, fault = "none"] = process.argv;
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && name !== "manifest.json")
  .flatMap((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")).vectors);
const features = {};
for (const name of new Set(vectors.flatMap((vector) => vector.features))) {
  const [key, item] = name.split(":");
  features[key] = item === undefined ? true : [...(features[key] ?? []), item];
}

/** What each fault makes of the right answer to a vector. undefined: no answer. */
const FAULTS = {
  none: (answer) => answer,
  chatty: (answer) => answer,
  backwards: (answer) => answer,
  "no-stop": (answer) => answer,
  "swapped-limits": ({ call, ...answer }) => ({
    ...answer,
    call: { ...call, timelimit: call.timelimit.toReversed() },
  }),
  "lost-floats": ({ call, ...answer }) => ({
    ...answer,
    call: { ...call, args: [{ $float: "1.0" }, "two"] },
  }),
  "bare-numbers": ({ call, ...answer }) => ({ ...answer, call: { ...call, args: [1, "two"] } }),
  "without-seq": (answer) => ({ ...answer, seq: undefined }),
  refuses: () => ({ accept: false, reason: "I do not like it" }),
  errs: () => ({ errored: true, message: "out of paper", trace: "line 1" }),
  skips: () => ({ skipped: true, message: "later", issue_url: "https://example.org/1" }),
  "wrong-content-type": ({ wire }) => ({
    wire: { ...wire, properties: { ...wire.properties, content_type: "text/plain" } },
  }),
  "no-message": ({ wire }) => ({ wire: { ...wire, body_b64: "e30=" } }),
  "late-eta": ({ wire }) => ({
    wire: { ...wire, headers: { ...wire.headers, eta: "2001-01-01T00:00:00+00:00" } },
  }),
  "only-needed-headers": ({ wire }) => {
    const { task, id } = wire.headers;
    return { wire: { ...wire, headers: { task, id } } };
  },
  "dies-once": (answer, vector) => {
    if (vector.id.endsWith(".bzip2")) process.exit(7);
    return answer;
  },
  hangs: (answer, vector) => (vector.id.endsWith(".bzip2") ? undefined : answer),
  "endless-line": () => ({ accept: false, reason: "x".repeat(70_000) }),
};

function right(command) {
  const asked = JSON.stringify(command.call ?? command.wire ?? command.stored);
  const vector = vectors.find(
    (one) => one.command === command.cmd && JSON.stringify(one.call ?? one.wire ?? one.stored) === asked,
  );
  if (command.cmd === "encode") return [{ wire: vector.wire }, vector];
  return [{ accept: true, [vector.stored ? "result" : "call"]: vector.view }, vector];
}

function answer(command) {
  if (command.cmd === "start") {
    if (fault === "no-start") {
      console.error("it has rained in");
      process.exit(3);
    }
    return {
      name: "parrot",
      language: "none",
      version: "1",
      roles: ["producer", "worker", "results"],
      features,
    };
  }
  const [said, vector] = right(command);
  return FAULTS[fault](said, vector);
}

const held = [];
for await (const line of createInterface(process.stdin)) {
  const { seq, ...command } = JSON.parse(line);
  if (command.cmd === "stop") process.exit(fault === "no-stop" ? 4 : 0);
  const said = answer(command);
  if (said === undefined) continue;
  if (fault === "chatty") console.log("let me think...");
  held.push(JSON.stringify({ seq, ...said }));
  if (fault === "backwards" && command.cmd !== "start" && held.length < 4) continue;
  for (const text of held.splice(0).reverse()) console.log(text);
}
