/** The opcodes that in Python find classes, call them and fill objects. Here they note down what they would do. */
import { DecodeError } from "../../protocol/errors.ts";
import { decodeText, malformed } from "./cursor.ts";
import type { Machine, Operation } from "./machine.ts";
import { ContainerNode, GlobalNode, ObjectNode } from "./nodes.ts";
import { OP } from "./op.ts";

/** Longest module or name of a class. */
const MAX_NAME_BYTES = 1000;

const OBJECTS: Readonly<Record<number, Operation>> = {
  [OP.GLOBAL]: (machine) => machine.pushGlobal(nameLine(machine), nameLine(machine)),
  [OP.STACK_GLOBAL]: (machine) => {
    const [module, name] = machine.take(2);
    if (typeof module !== "string" || typeof name !== "string")
      throw malformed("the name of a class is no text");
    if (Math.max(module.length, name.length) > MAX_NAME_BYTES)
      throw malformed("the name of a class is too long");
    machine.pushGlobal(module, name);
  },
  [OP.REDUCE]: call,
  [OP.NEWOBJ]: call,
  [OP.NEWOBJ_EX]: (machine) => {
    const kwargs = machine.pop();
    if (!(kwargs instanceof ContainerNode && kwargs.kind === "dict" && kwargs.nodes.length === 0))
      throw new DecodeError(
        "pickle_refused",
        "A pickle calls something with keyword arguments; it is refused.",
      );
    call(machine);
  },
  [OP.OBJ]: (machine) => {
    const [callee, ...args] = machine.popToMark();
    if (callee === undefined) throw malformed("an object has no class");
    machine.pushObject(callee, args);
  },
  [OP.INST]: (machine) => {
    const [module, name] = [nameLine(machine), nameLine(machine)];
    const args = machine.popToMark();
    machine.pushGlobal(module, name);
    machine.pushObject(machine.pop(), args);
  },
  [OP.BUILD]: (machine) => {
    const state = machine.pop();
    const target = machine.top();
    if (target instanceof GlobalNode)
      throw new DecodeError("pickle_refused", `A pickle changes ${target.shown}; it is refused.`);
    if (!(target instanceof ObjectNode) || target.state !== undefined)
      throw malformed("it gives a state to what can have none");
    target.setState(state);
    machine.checkHeight(target);
  },
};

function call(machine: Machine): void {
  const args = machine.pop();
  const callee = machine.pop();
  if (!(args instanceof ContainerNode && args.kind === "tuple")) throw malformed("arguments are no tuple");
  machine.pushObject(callee, args.nodes);
}

function nameLine({ cursor }: Machine): string {
  const line = cursor.line();
  if (line.length > MAX_NAME_BYTES) throw malformed("the name of a class is too long");
  return decodeText(line);
}

/** What lies outside of the pickle, which only its writer's program could find. */
const REFUSED: Readonly<Record<number, string>> = {
  [OP.PERSID]: "a persistent id (PERSID)",
  [OP.BINPERSID]: "a persistent id (BINPERSID)",
  [OP.EXT1]: "an extension code (EXT1)",
  [OP.EXT2]: "an extension code (EXT2)",
  [OP.EXT4]: "an extension code (EXT4)",
  [OP.NEXT_BUFFER]: "a buffer beside it (NEXT_BUFFER)",
  [OP.READONLY_BUFFER]: "a buffer beside it (READONLY_BUFFER)",
};

function refuse(what: string): Operation {
  return () => {
    throw new DecodeError("pickle_refused", `A pickle refers to ${what}; it is refused.`);
  };
}

/** By their byte. */
export const OBJECT_OPERATIONS: Readonly<Record<number, Operation>> = {
  ...OBJECTS,
  ...Object.fromEntries(Object.entries(REFUSED).map(([code, what]) => [code, refuse(what)])),
};
