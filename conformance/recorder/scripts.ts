/** Lua scripts, in Redis's own Lua compiled to WebAssembly. It is loaded when the first script comes. */
import { createHash } from "node:crypto";
import type { LuaWasmEngine, ReplyValue } from "lua-redis-wasm";
import type { Call } from "./commands/command.ts";
import { findCommand, UnknownCommand } from "./commands/index.ts";
import { fromLua, toLua } from "./lua-values.ts";
import type { Recording } from "./recording.ts";
import { Refusal, type Reply, refusalOf } from "./resp/replies.ts";
import { Blocked } from "./waiters.ts";

/** Steps after which a script is stopped: about a second, in which nobody else is served. */
const MAX_STEPS = 50_000_000;
/** Scripts that are kept; beyond that all are forgotten, and clients send them anew. */
const MAX_SCRIPTS = 1000;
const MAX_REPLY_BYTES = 256 * 1024 * 1024;

/** Says what is wrong with a script that cannot be compiled. */
const COMPILE = "local _, problem = loadstring(ARGV[1], '@user_script') return problem";

const BEFORE = Buffer.from("return ((function(...) ");
const AFTER = Buffer.from("\nend)(...))");

export class Scripts {
  readonly #server: Recording;
  /** Scripts by SHA-1. */
  readonly #scripts = new Map<string, Buffer>();
  #engine: LuaWasmEngine | undefined;
  #loading: Promise<void> | undefined;
  /** On whose behalf a script runs. */
  #call: Call | undefined;

  constructor(server: Recording) {
    this.#server = server;
  }

  get isReady(): boolean {
    return this.#engine !== undefined;
  }

  /** Must have ended before the first script is added. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    const { LuaWasmEngine } = await import("lua-redis-wasm");
    const call = (args: readonly Buffer[]): ReplyValue => toLua(this.#run(args));
    this.#engine = await LuaWasmEngine.create({
      host: { redisCall: call, redisPcall: call, log: () => undefined },
      profile: "redis-7.2",
      limits: { maxFuel: MAX_STEPS, maxReplyBytes: MAX_REPLY_BYTES },
      redisProps: {
        LOG_DEBUG: { value: 0 },
        LOG_VERBOSE: { value: 1 },
        LOG_NOTICE: { value: 2 },
        LOG_WARNING: { value: 3 },
        replicate_commands: { returns: true },
      },
    });
  }

  has(sha: string): boolean {
    return this.#scripts.has(sha.toLowerCase());
  }

  clear(): void {
    this.#scripts.clear();
  }

  /** Keeps a script under its SHA-1, which is returned. Throws Refusal when it does not compile. */
  add(text: Buffer): string {
    const sha = createHash("sha1").update(text).digest("hex");
    if (this.#scripts.has(sha)) return sha;
    const problem = this.#requireEngine().evalWithArgs(COMPILE, [], [text]);
    if (Buffer.isBuffer(problem))
      throw new Refusal(`ERR Error compiling script (new function): ${problem.toString("latin1")}`);
    if (this.#scripts.size === MAX_SCRIPTS) this.#scripts.clear();
    // Of several values that a script returns Redis takes the first, the engine the last.
    this.#scripts.set(sha, Buffer.concat([BEFORE, text, AFTER]));
    return sha;
  }

  /** Runs a script to its end: nothing happens in between. Throws Refusal when it is not known. */
  evaluate(call: Call, name: string, keys: readonly Buffer[], args: readonly Buffer[]): Reply {
    const sha = name.toLowerCase();
    const script = this.#scripts.get(sha);
    if (script === undefined) throw new Refusal("NOSCRIPT No matching script. Please use EVAL.");
    this.#call = call;
    try {
      return fromLua(this.#requireEngine().evalWithArgs(script, [...keys], [...args]), sha);
    } finally {
      this.#call = undefined;
    }
  }

  #requireEngine(): LuaWasmEngine {
    if (this.#engine === undefined) throw new Refusal("ERR Lua is not loaded");
    return this.#engine;
  }

  /** A command that a script calls. */
  #run(words: readonly Buffer[]): Reply {
    const call = this.#call;
    if (call === undefined) return new Refusal("ERR no script runs");
    if (words.length === 0)
      return new Refusal("ERR Please specify at least one argument for this redis.call() call");
    try {
      const { command, args } = findCommand(words);
      if (command.flags.includes("noscript"))
        throw new Refusal("ERR This Redis command is not allowed from script");
      this.#server.requireMemory(command, args);
      const reply = this.#server.run(call.session, command, args, true);
      return reply instanceof Blocked ? reply.options.onTimeout : reply;
    } catch (error) {
      if (error instanceof UnknownCommand) return new Refusal("ERR Unknown Redis command called from script");
      const refusal = refusalOf(error);
      return refusal.message.startsWith("ERR wrong number of arguments")
        ? new Refusal("ERR Wrong number of args calling Redis command from script")
        : refusal;
    }
  }
}
