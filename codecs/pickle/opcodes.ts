/** The opcodes of protocols 0 to 5, by their byte. Source: CPython's Lib/pickletools.py. */
import { DecodeError } from "../../protocol/errors.ts";
import { ByteArray } from "../../protocol/values.ts";
import { decodeText, malformed } from "./cursor.ts";
import type { Machine } from "./machine.ts";
import { ContainerNode, GlobalNode, type Node, ObjectNode } from "./nodes.ts";
import { readFloat, readInteger, toFloat, toInteger } from "./numbers.ts";
import { unescapeString, unescapeUnicode } from "./text.ts";

type Operation = (machine: Machine) => void;

/** Ends a pickle. */
export const STOP = 0x2e;
const HIGHEST_PROTOCOL = 5;
/** Longest module or name of a class. */
const MAX_NAME_BYTES = 1000;

const FRAMING: Readonly<Record<number, Operation>> = {
  // PROTO
  128: ({ cursor }) => {
    const protocol = cursor.uint8();
    if (protocol > HIGHEST_PROTOCOL) throw malformed(`its protocol is ${protocol}`);
  },
  // FRAME: its bytes are read like any others.
  149: ({ cursor }) => {
    const length = cursor.uint64();
    if (length > cursor.remaining)
      throw malformed(`a frame claims ${length} bytes, and ${cursor.remaining} are left`);
  },
};

const STACK: Readonly<Record<number, Operation>> = {
  // MARK, POP, POP_MARK, DUP
  40: (machine) => machine.mark(),
  48: (machine) => machine.popValueOrMark(),
  49: (machine) => machine.popToMark(),
  50: (machine) => machine.push(machine.top()),
  // PUT, BINPUT, LONG_BINPUT, MEMOIZE
  112: (machine) => machine.remember(memoIndex(machine)),
  113: (machine) => machine.remember(machine.cursor.uint8()),
  114: (machine) => machine.remember(machine.cursor.uint32()),
  148: (machine) => machine.rememberNext(),
  // GET, BINGET, LONG_BINGET
  103: (machine) => machine.recall(memoIndex(machine)),
  104: (machine) => machine.recall(machine.cursor.uint8()),
  106: (machine) => machine.recall(machine.cursor.uint32()),
};

function memoIndex({ cursor }: Machine): number {
  const line = cursor.line().toString("latin1");
  if (!/^\d{1,9}$/.test(line)) throw malformed("a place in its memo is not a number");
  return Number(line);
}

const SCALARS: Readonly<Record<number, Operation>> = {
  // NONE, NEWTRUE, NEWFALSE
  78: (machine) => machine.push(null),
  136: (machine) => machine.push(true),
  137: (machine) => machine.push(false),
  // INT, in which protocol 0 has booleans; BININT, BININT1, BININT2
  73: (machine) => {
    const line = machine.cursor.line().toString("latin1");
    machine.push(line === "01" || line === "00" ? line === "01" : readInteger(line));
  },
  74: (machine) => machine.push(machine.cursor.int32()),
  75: (machine) => machine.push(machine.cursor.uint8()),
  77: (machine) => machine.push(machine.cursor.uint16()),
  // LONG, LONG1, LONG4
  76: (machine) => machine.push(readInteger(machine.cursor.line().toString("latin1").replace(/L$/, ""))),
  138: (machine) => machine.push(toInteger(machine.cursor.bytes(machine.cursor.uint8()))),
  139: (machine) => machine.push(toInteger(machine.cursor.bytes(machine.cursor.int32()))),
  // FLOAT, BINFLOAT
  70: (machine) => pushFloat(machine, readFloat(machine.cursor.line().toString("latin1"))),
  71: (machine) => pushFloat(machine, machine.cursor.double()),
  // STRING, BINSTRING, SHORT_BINSTRING: str of Python 2
  83: (machine) => pushOldString(machine, unescapeString(machine.cursor.line())),
  84: (machine) => pushOldString(machine, machine.cursor.bytes(machine.cursor.int32())),
  85: (machine) => pushOldString(machine, machine.cursor.bytes(machine.cursor.uint8())),
  // UNICODE, SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
  86: (machine) => machine.push(unescapeUnicode(machine.cursor.line())),
  140: (machine) => machine.push(decodeText(machine.cursor.bytes(machine.cursor.uint8()))),
  88: (machine) => machine.push(decodeText(machine.cursor.bytes(machine.cursor.uint32()))),
  141: (machine) => machine.push(decodeText(machine.cursor.bytes(machine.cursor.uint64()))),
  // SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8: copies, for the body belongs to a broker's client
  67: (machine) => machine.push(new Uint8Array(machine.cursor.bytes(machine.cursor.uint8()))),
  66: (machine) => machine.push(new Uint8Array(machine.cursor.bytes(machine.cursor.uint32()))),
  142: (machine) => machine.push(new Uint8Array(machine.cursor.bytes(machine.cursor.uint64()))),
  150: (machine) => machine.push(new ByteArray(machine.cursor.bytes(machine.cursor.uint64()))),
};

function pushFloat(machine: Machine, value: number): void {
  machine.push(machine.exactFloats ? toFloat(value) : value);
}

/** Python 3 cannot read other than ASCII here; it is the bytes that Python 2 had, as in dates. */
function pushOldString(machine: Machine, bytes: Buffer): void {
  machine.push(bytes.every((byte) => byte < 0x80) ? bytes.toString("latin1") : new Uint8Array(bytes));
}

const CONTAINERS: Readonly<Record<number, Operation>> = {
  // EMPTY_LIST, LIST, APPEND, APPENDS
  93: (machine) => machine.pushContainer("list"),
  108: (machine) => machine.pushContainer("list", machine.popToMark()),
  97: (machine) => {
    const item = machine.pop();
    append(machine, [item]);
  },
  101: (machine) => append(machine, machine.popToMark()),
  // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  41: (machine) => machine.pushContainer("tuple"),
  133: (machine) => machine.pushContainer("tuple", take(machine, 1)),
  134: (machine) => machine.pushContainer("tuple", take(machine, 2)),
  135: (machine) => machine.pushContainer("tuple", take(machine, 3)),
  116: (machine) => machine.pushContainer("tuple", machine.popToMark()),
  // EMPTY_DICT, DICT, SETITEM, SETITEMS
  125: (machine) => machine.pushContainer("dict"),
  100: (machine) => machine.pushContainer("dict", inPairs(machine.popToMark())),
  115: (machine) => setItems(machine, take(machine, 2)),
  117: (machine) => setItems(machine, machine.popToMark()),
  // EMPTY_SET, ADDITEMS, FROZENSET
  143: (machine) => machine.pushContainer("set"),
  144: (machine) => {
    const items = machine.popToMark();
    const target = machine.top();
    if (target instanceof ContainerNode && target.kind === "set") target.add(items);
    else if (target instanceof ObjectNode) target.addItems(items);
    else throw malformed("it adds items to what is no set");
    machine.checkHeight(target);
  },
  145: (machine) => machine.pushContainer("frozenset", machine.popToMark()),
};

function take(machine: Machine, count: number): Node[] {
  return Array.from({ length: count }, () => machine.pop()).reverse();
}

function append(machine: Machine, items: readonly Node[]): void {
  const target = machine.top();
  if (target instanceof ContainerNode && target.kind === "list") target.add(items);
  else if (target instanceof ObjectNode) target.addItems(items);
  else throw malformed("it appends to what is no list");
  machine.checkHeight(target);
}

function setItems(machine: Machine, entries: readonly Node[]): void {
  const target = machine.top();
  if (target instanceof ContainerNode && target.kind === "dict") target.add(inPairs(entries));
  else if (target instanceof ObjectNode) target.addEntries(inPairs(entries));
  else throw malformed("it sets members of what is no dict");
  machine.checkHeight(target);
}

function inPairs(nodes: readonly Node[]): readonly Node[] {
  if (nodes.length % 2 !== 0) throw malformed("a key of a dict has no value");
  return nodes;
}

const OBJECTS: Readonly<Record<number, Operation>> = {
  // GLOBAL, STACK_GLOBAL
  99: (machine) => machine.pushGlobal(nameLine(machine), nameLine(machine)),
  147: (machine) => {
    const [module, name] = take(machine, 2);
    if (typeof module !== "string" || typeof name !== "string")
      throw malformed("the name of a class is no text");
    if (Math.max(module.length, name.length) > MAX_NAME_BYTES)
      throw malformed("the name of a class is too long");
    machine.pushGlobal(module, name);
  },
  // REDUCE and NEWOBJ, NEWOBJ_EX, OBJ, INST
  82: call,
  129: call,
  146: (machine) => {
    const kwargs = machine.pop();
    if (!(kwargs instanceof ContainerNode && kwargs.kind === "dict" && kwargs.nodes.length === 0))
      throw new DecodeError(
        "pickle_refused",
        "A pickle calls something with keyword arguments; it is refused.",
      );
    call(machine);
  },
  111: (machine) => {
    const [callee, ...args] = machine.popToMark();
    if (callee === undefined) throw malformed("an object has no class");
    machine.pushObject(callee, args);
  },
  105: (machine) => {
    const callee = new GlobalNode(nameLine(machine), nameLine(machine));
    const args = machine.popToMark();
    machine.pushGlobal(callee.module, callee.name);
    machine.pushObject(machine.pop(), args);
  },
  // BUILD
  98: (machine) => {
    const state = machine.pop();
    const target = machine.top();
    if (target instanceof GlobalNode)
      throw new DecodeError("pickle_refused", `A pickle changes ${target.path}; it is refused.`);
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
  80: "a persistent id (PERSID)",
  81: "a persistent id (BINPERSID)",
  130: "an extension code (EXT1)",
  131: "an extension code (EXT2)",
  132: "an extension code (EXT4)",
  151: "a buffer beside it (NEXT_BUFFER)",
  152: "a buffer beside it (READONLY_BUFFER)",
};

function refuse(what: string): Operation {
  return () => {
    throw new DecodeError("pickle_refused", `A pickle refers to ${what}; it is refused.`);
  };
}

const OPERATIONS: Readonly<Record<number, Operation>> = {
  ...FRAMING,
  ...STACK,
  ...SCALARS,
  ...CONTAINERS,
  ...OBJECTS,
  ...Object.fromEntries(Object.entries(REFUSED).map(([code, what]) => [code, refuse(what)])),
};

/** Runs the opcodes up to STOP. Throws DecodeError. */
export function run(machine: Machine): Node {
  const { cursor } = machine;
  for (;;) {
    const code = cursor.uint8();
    if (code === STOP) break;
    const operation = OPERATIONS[code];
    if (operation === undefined) throw malformed(`there is no opcode ${code}`);
    operation(machine);
  }
  if (cursor.remaining > 0) throw malformed(`${cursor.remaining} bytes follow its end`);
  return machine.end();
}
