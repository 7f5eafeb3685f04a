// `npm run fuzz -- [decoder...] [--seconds 600] [--seed n]`: looks for inputs on which a decoder throws anything but its
// typed error, hangs, crashes or takes much memory. Without names it fuzzes all, one after the other. Findings are
// minimised and kept in conformance/vectors/fuzz, where the tests run them again.
import { parseArgs } from "node:util";
import { register } from "tsx/esm/api";
import { ensurePackages } from "./lib/packages.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "600" }, seed: { type: "string" } },
});
process.exitCode = (await ensurePackages()) ? await fuzz() : 1;

async function fuzz() {
  // The fuzzer is TypeScript.
  register();
  const { DECODERS } = await import("../fuzz/decoders/index.ts");
  const { fuzzDecoder } = await import("../fuzz/run.ts");
  const { saveFinding } = await import("../fuzz/findings.ts");
  const unknown = positionals.filter((name) => !Object.hasOwn(DECODERS, name));
  if (unknown.length > 0) {
    console.error(
      `There is no decoder ${unknown.join(", ")}; there are ${Object.keys(DECODERS).join(", ")}.`,
    );
    return 1;
  }
  const seed = Number(options.seed ?? Date.now() % 2 ** 31);
  const seconds = Number(options.seconds);
  let found = 0;
  for (const name of positionals.length > 0 ? positionals : Object.keys(DECODERS)) {
    const { findings, runs, blocks } = await fuzzDecoder(name, {
      seconds,
      seed,
      onProgress: progressOf(name),
    });
    console.log(
      `${name}: ${runs} inputs, ${blocks} blocks of code, ${findings.length} findings (seed ${seed})`,
    );
    for (const finding of findings) {
      console.log(`  ${finding.kind}: ${finding.what}\n    kept in ${saveFinding(name, finding)}`);
    }
    found += findings.length;
  }
  return found === 0 ? 0 : 1;
}

/** On a terminal, one line that changes. */
function progressOf(name) {
  if (!process.stdout.isTTY) return undefined;
  return ({ runs, corpus, blocks }) =>
    process.stdout.write(`\r${name}: ${runs} inputs, ${corpus} kept, ${blocks} blocks \r`);
}
