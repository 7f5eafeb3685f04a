/**
 * For authors of clients: `node --import tsx test/clients/serve.ts` starts what the tests start, prints the environment and
 * stays; with `-- command...` it runs the command there, compares what it printed with the scenario, and ends.
 */
import { spawn } from "node:child_process";
import { compareRun } from "./compare.ts";
import { openPlace } from "./place.ts";
import { describeTrouble } from "./troubles.ts";

const [, , , ...command] = process.argv[2] === "--" ? process.argv : [];
const place = await openPlace();
const environment = await place.environment();
const [program, ...args] = command;
if (program === undefined) {
  for (const [name, value] of Object.entries(environment)) console.log(`export ${name}='${value}'`);
  process.once("SIGINT", () => void place.close().then(() => process.exit()));
} else {
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ["inherit", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  const steps = compareRun(output);
  const wrong = steps.flatMap(({ name, differences }) =>
    differences.map((difference) => `${name}: ${difference}`),
  );
  wrong.push(...describeTrouble(place.takeSeen()));
  for (const line of wrong) console.error(`WRONG ${line}`);
  const unsupported = steps.filter(({ isUnsupported }) => isUnsupported).length;
  console.error(
    `exit code ${code}, ${steps.length} steps, ${unsupported} unsupported, ${wrong.length} differences`,
  );
  process.exitCode = code === 0 && wrong.length === 0 ? 0 : 1;
  await place.close();
}
