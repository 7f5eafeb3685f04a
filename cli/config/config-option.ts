/** `--config`: what neither a flag nor a variable of the environment gives is what the file says. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { GatewayOptions } from "../../gateway/index.ts";
import type { SectionName } from "./schema.ts";

export const DEFAULT_CONFIG_FILE = "celerity.yaml";

export interface ConfigFlags {
  readonly config?: string;
  /** What the file says of the gateway. */
  readonly fileOptions?: Partial<GatewayOptions>;
}

/** The file that was named, or `./celerity.yaml` when it exists; undefined for none. */
export function findConfigFile(named: string | undefined): string | undefined {
  if (named !== undefined && named !== "") return named;
  return existsSync(DEFAULT_CONFIG_FILE) ? DEFAULT_CONFIG_FILE : undefined;
}

/**
 * Reads the file before the command's action runs. `sections` are those that it uses. A command without a file does not load what
 * is needed for it.
 */
export function withConfigFile(command: Command, sections: readonly SectionName[]): Command {
  return command
    .addOption(
      new Option(
        "--config <file>",
        "configuration in YAML; flags and the environment win (default: celerity.yaml, when it is there)",
      ).env("CELERITY_CONFIG"),
    )
    .hook("preAction", async (_program, action) => {
      const file = findConfigFile(action.getOptionValue("config") as string | undefined);
      if (file !== undefined) (await import("./apply.ts")).applyConfigFile(action, file, sections);
    });
}
