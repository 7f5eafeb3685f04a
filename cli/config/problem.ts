/** What is wrong with a configuration file, and where. */
import { ConfigurationError } from "../../protocol/index.ts";

/** Names and positions from the top of the file: `["gateway", "access", "users", 0, "password"]`. */
export type Path = readonly (string | number)[];

export interface ConfigProblem {
  readonly path: Path;
  /** What is wrong, and what to do; nothing that may be a secret. */
  readonly message: string;
  /** From 1; undefined when nobody knows. */
  readonly line?: number | undefined;
}

/** All that is wrong with a file at once. */
export class ConfigFileError extends ConfigurationError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => describeProblem(file, problem)).join("\n"));
    this.problems = problems;
  }
}

/** `celerity.yaml:12: gateway.listen.port: must be <= 65535`. */
export function describeProblem(file: string, { path, message, line }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path.length === 0 ? `${place}: ${message}` : `${place}: ${pathText(path)}: ${message}`;
}

/** `gateway.access.users[0].password`. */
export function pathText(path: Path): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : nameText(step, at))).join("");
}

/** Text that whoever wrote the file put there: shortened, and in quotes when it is no plain name. */
function nameText(name: string, at: number): string {
  if (/^[\w-]{1,100}$/.test(name)) return at === 0 ? name : `.${name}`;
  return `[${JSON.stringify(name.slice(0, 100))}]`;
}
