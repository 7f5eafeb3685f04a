/** tinyglobby, loaded when files are looked for: most processes never do, and loading it takes longer than all of signing/. */
import { createRequire } from "node:module";
import type { GlobOptions } from "tinyglobby";

const require = createRequire(import.meta.url);

export function globSync(pattern: string, options: Omit<GlobOptions, "patterns">): string[] {
  return (require("tinyglobby") as typeof import("tinyglobby")).globSync(pattern, options);
}
