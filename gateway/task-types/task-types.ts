/**
 * Contracts of tasks: declared over HTTP and kept in the store, or by the tasks of the app themselves. All of them are held in
 * memory, so that a call is checked without a question to the store; what another gateway declares counts after a moment.
 */
import type { App } from "../../app/index.ts";
import type { PlainObject } from "../../protocol/index.ts";
import type { GatewayLogger } from "../options.ts";
import { Problem } from "../problems.ts";
import type { StateStore } from "../state/state-store.ts";
import { type Contract, createContract, type TaskType, type TaskTypeRequest } from "./contract.ts";

export interface TaskTypesOptions {
  readonly app: App;
  readonly state: StateStore;
  readonly logger: GatewayLogger;
}

/** A call that shall be checked. */
export interface CheckedCall {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  readonly hasIdempotencyKey: boolean;
}

const KIND = "task-type";
/** Task types at most. */
const MAX_TYPES = 1000;
const MAX_TEXT = 65_536;
const REFRESH_MS = 2000;

export class TaskTypes {
  readonly #options: TaskTypesOptions;
  readonly #own = new Map<string, Contract>();
  /** By task, with the text it was made from. */
  #declared = new Map<string, { readonly text: string; readonly contract: Contract }>();
  #refreshedAtMs = 0;

  constructor(options: TaskTypesOptions) {
    this.#options = options;
  }

  /** Reads what is declared. */
  async open(): Promise<void> {
    for (const { name, options } of this.#options.app.tasks.values()) {
      if (options.schema === undefined) continue;
      this.#own.set(name, createContract({ ...options.schema, task: name, mode: "enforce", origin: "app" }));
    }
    await this.#refresh();
  }

  /**
   * The keyword arguments to send, defaults included. Throws Problem `invalid-arguments` for a call that does not fit, and
   * `idempotency-key-missing` where a key is asked for.
   */
  check({ task, args, kwargs, hasIdempotencyKey }: CheckedCall): PlainObject {
    this.#refreshWhenOld();
    if (this.#declared.size === 0 && this.#own.size === 0) return kwargs;
    const contract = this.#contract(task);
    if (contract === undefined || contract.type.mode === "off") return kwargs;
    const { type } = contract;
    if (type.idempotency === "required" && !hasIdempotencyKey) {
      throw new Problem("idempotency-key-missing");
    }
    const complete = type.defaults === undefined ? kwargs : { ...type.defaults, ...kwargs };
    const errors = contract.check(args, complete);
    const [first] = errors;
    if (first === undefined) return complete;
    if (type.mode === "enforce") {
      throw new Problem("invalid-arguments", {
        detail: `${first.pointer}: ${first.detail}`,
        members: { errors, task_type: task },
      });
    }
    this.#options.logger.warn({ task, errors }, "A call does not fit what is declared of its task");
    return complete;
  }

  isDeprecated(task: string): boolean {
    const deprecated = this.#contract(task)?.type.deprecated;
    return deprecated !== undefined && deprecated !== false;
  }

  #contract(task: string): Contract | undefined {
    return this.#declared.get(task)?.contract ?? this.#own.get(task);
  }

  /** Throws Problem `unknown-task-type`. */
  async get(task: string): Promise<TaskType> {
    await this.#refresh();
    const contract = this.#contract(task);
    if (contract === undefined) throw new Problem("unknown-task-type");
    return contract.type;
  }

  /** By name. */
  async list(): Promise<readonly TaskType[]> {
    await this.#refresh();
    const names = new Set([...this.#own.keys(), ...this.#declared.keys()]);
    return [...names].sort().flatMap((name) => this.#contract(name)?.type ?? []);
  }

  /** Declares a task, or declares it anew; true when it was not declared before. Throws Problem `invalid-arguments`. */
  async put(task: string, request: TaskTypeRequest): Promise<boolean> {
    const contract = createContract(toTaskType(task, request));
    const text = JSON.stringify(request);
    if (text.length > MAX_TEXT) {
      throw new Problem("invalid-arguments", {
        detail: `What is declared of a task may have ${MAX_TEXT} characters, and this has ${text.length}.`,
      });
    }
    const isNew = !this.#declared.has(task);
    if (isNew && this.#declared.size >= MAX_TYPES) {
      throw new Problem("invalid-arguments", {
        detail: `${MAX_TYPES} tasks are declared; remove some first.`,
      });
    }
    await this.#options.state.records.put(KIND, task, text);
    this.#declared.set(task, { text, contract });
    return isNew;
  }

  /** Throws Problem `unknown-task-type`. */
  async delete(task: string): Promise<void> {
    const isGone = await this.#options.state.records.delete(KIND, task);
    this.#declared.delete(task);
    if (!isGone) throw new Problem("unknown-task-type");
  }

  #refreshWhenOld(): void {
    if (Date.now() - this.#refreshedAtMs < REFRESH_MS) return;
    this.#refreshedAtMs = Date.now();
    void this.#refresh().catch((error: unknown) =>
      this.#options.logger.warn(
        { err: error },
        "The declared tasks cannot be read; those known before count",
      ),
    );
  }

  async #refresh(): Promise<void> {
    const found = await this.#options.state.records.list(KIND, { limit: MAX_TYPES });
    this.#refreshedAtMs = Date.now();
    const before = this.#declared;
    this.#declared = new Map(
      found.map(({ key, value }) => {
        const known = before.get(key);
        if (known?.text === value) return [key, known];
        const type = toTaskType(key, JSON.parse(value) as TaskTypeRequest);
        return [key, { text: value, contract: createContract(type) }];
      }),
    );
  }
}

function toTaskType(task: string, request: TaskTypeRequest): TaskType {
  return { ...request, task, mode: request.mode ?? "enforce", origin: "gateway" };
}
