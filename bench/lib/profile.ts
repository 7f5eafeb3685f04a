/** Reads V8 CPU profiles: which functions the time was spent in themselves. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./paths.ts";

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The `top` places and functions by self time of every profile below the folder, idle time left out. */
export function describeProfiles(folder: string, top = 25): string {
  if (!existsSync(folder)) return "";
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => `${name}\n${describeProfile(join(folder, name), top)}`)
    .join("\n\n");
}

function describeProfile(file: string, top: number): string {
  const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let totalUs = 0;
  for (const [at, id] of profile.samples.entries()) {
    const node = nodes.get(id);
    if (node === undefined || node.callFrame.functionName === "(idle)") continue;
    const spentUs = profile.timeDeltas[at] ?? 0;
    totalUs += spentUs;
    addTo(functions, describeFrame(node.callFrame), spentUs);
    addTo(places, placeOf(node.callFrame), spentUs);
  }
  const blocks = [places, functions].map((times) => topOf(times, totalUs, top).join("\n"));
  return `${(totalUs / 1000).toFixed(0)} ms\n${blocks.join("\n\n")}`;
}

function addTo(times: Map<string, number>, name: string, spentUs: number): void {
  times.set(name, (times.get(name) ?? 0) + spentUs);
}

function topOf(times: ReadonlyMap<string, number>, totalUs: number, top: number): string[] {
  const rows = [...times].sort(([, a], [, b]) => b - a).slice(0, top);
  return rows.map(([name, us]) => `${((100 * us) / totalUs).toFixed(1).padStart(6)} %  ${name}`);
}

type Frame = CpuProfile["nodes"][number]["callFrame"];

/** The folder of ours, the package, or the part of Node that a function belongs to. */
function placeOf({ functionName, url }: Frame): string {
  const path = pathOf(url);
  const owner = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? /^dist\/[^/]+/.exec(path)?.[0];
  if (owner !== undefined) return owner;
  if (path.startsWith("node:")) return "node";
  return functionName.startsWith("(") ? functionName : "native";
}

function pathOf(url: string): string {
  return url.startsWith("file://") ? relative(root, fileURLToPath(url)) : url;
}

function describeFrame({ functionName, url, lineNumber }: Frame): string {
  const path = pathOf(url);
  return `${functionName || "(anonymous)"}${path === "" ? "" : ` ${path}:${lineNumber + 1}`}`;
}
