/** From what came in to the task that is sent: the first rule that fits makes it. */
import { isPlainObject, type PlainObject } from "../../../protocol/index.ts";
import type { TaskRequest } from "../../plan-task.ts";
import { Problem } from "../../problems.ts";
import { type Condition, type ConditionOptions, compileCondition } from "./conditions.ts";
import type { MappingScope, MappingSource } from "./source.ts";
import { compileTask, type TaskChoice, type TaskValueOptions } from "./task-name.ts";
import { compileTemplate, type Template, type ValueOptions } from "./template.ts";

/** One rule, as its schema accepts it. */
export interface RuleOptions {
  /** All of them must hold. Default: it fits always. */
  readonly when?: ConditionOptions | readonly ConditionOptions[];
  readonly task: string | TaskValueOptions;
  /** A list of templates, or a value that is a list. */
  readonly args?: readonly unknown[] | ValueOptions;
  /** Templates by name, or a value that is an object. */
  readonly kwargs?: PlainObject | ValueOptions;
  readonly queue?: string;
  readonly delay?: number | string;
  readonly expires?: number | string;
  readonly priority?: number;
  readonly ignore_result?: boolean;
}

/** A task to send, and the rule that made it. */
export interface MappedTask {
  /** From 0. */
  readonly rule: number;
  readonly request: TaskRequest;
}

export interface RuleBook {
  /** All tasks that the rules can ever send. */
  readonly tasks: readonly string[];
  readonly queues: readonly string[];
  /** undefined when no rule fits. Throws Problem `invalid-arguments` for what is required and missing. */
  map(source: MappingSource): MappedTask | undefined;
}

interface Rule {
  readonly conditions: readonly Condition[];
  readonly task: TaskChoice;
  readonly args: Template | undefined;
  readonly kwargs: Template | undefined;
  readonly options: Omit<TaskRequest, "task" | "args" | "kwargs">;
}

/** Throws HookOptionError, with pointers below `/rules`. */
export function compileRules(rules: readonly RuleOptions[], scope: MappingScope): RuleBook {
  const compiled = rules.map((rule, at) => compileRule(rule, scope, `/rules/${at}`));
  return {
    tasks: [...new Set(compiled.flatMap(({ task }) => task.names))],
    queues: [...new Set(compiled.flatMap(({ options }) => options.queue ?? []))],
    map(source) {
      for (const [at, { conditions, task, args, kwargs, options }] of compiled.entries()) {
        if (!conditions.every((holds) => holds(source))) continue;
        const name = task.choose(source);
        if (name === undefined) continue;
        const request: TaskRequest = {
          task: name,
          ...(args === undefined ? {} : { args: listOf(args(source)) }),
          ...(kwargs === undefined ? {} : { kwargs: objectOf(kwargs(source)) }),
          ...options,
        };
        return { rule: at, request };
      }
      return undefined;
    },
  };
}

function compileRule(
  { when = [], task, args, kwargs, ...options }: RuleOptions,
  scope: MappingScope,
  where: string,
): Rule {
  const conditions = Array.isArray(when)
    ? when.map((one, at) => compileCondition(one, scope, `${where}/when/${at}`))
    : [compileCondition(when as ConditionOptions, scope, `${where}/when`)];
  return {
    conditions,
    task: compileTask(task, scope, `${where}/task`),
    args: args === undefined ? undefined : compileTemplate(args, scope, `${where}/args`),
    kwargs: kwargs === undefined ? undefined : compileTemplate(kwargs, scope, `${where}/kwargs`),
    options,
  };
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongType("args", "a list");
}

function objectOf(value: unknown): PlainObject {
  if (isPlainObject(value)) return value;
  throw wrongType("kwargs", "an object");
}

function wrongType(name: string, what: string): Problem {
  const detail = `The value that the rule takes for ${name} is not ${what}.`;
  return new Problem("invalid-arguments", { detail, members: { errors: [{ pointer: "", detail }] } });
}
