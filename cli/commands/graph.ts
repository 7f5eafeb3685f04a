/** `celerity graph ID`: draws what a task led to, and where it came from. */
import { Command, Option } from "commander";
import { buildGraph, createApp, type ResultGraph, toDot, toMermaid } from "../../app/index.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  wholeNumber,
  withConnectionOptions,
} from "../options.ts";
import { printWarning } from "../print-warning.ts";

const FORMATS: Readonly<Record<string, (graph: ResultGraph) => string>> = {
  mermaid: toMermaid,
  dot: toDot,
  json: (graph) => `${JSON.stringify(graph, undefined, 2)}\n`,
};

interface GraphFlags extends ConnectionFlags {
  readonly format: string;
  readonly maxNodes?: number;
}

export function graphCommand(): Command {
  const command = new Command("graph")
    .description("draw what a task or a saved group led to, and where it came from")
    .argument("<id>", "the id of a task or of a saved group")
    .addOption(new Option("--format <format>", "how").choices(Object.keys(FORMATS)).default("mermaid"))
    .option("--max-nodes <number>", "stop after so many results; at most 10000", wholeNumber);
  return withConnectionOptions(command).action(showGraph);
}

async function showGraph(id: string, flags: GraphFlags): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  const graph = await buildGraph(app, id, flags.maxNodes === undefined ? {} : { maxNodes: flags.maxNodes });
  process.stdout.write(FORMATS[flags.format]?.(graph) ?? "");
  if (graph.truncated) printWarning("There are more results than this; --max-nodes allows up to 10000");
}
