/** What the opcodes of protocols 0 to 5 do. Source: CPython's Modules/_pickle.c. */
import { ByteArray } from "../../protocol/values.ts";
import { malformed } from "./cursor.ts";
import type { Machine, Operation } from "./machine.ts";
import { ContainerNode, type Node, ObjectNode } from "./nodes.ts";
import { readFloat, readInteger, toFloat, toInteger } from "./numbers.ts";
import { OP } from "./op.ts";
import { OBJECT_OPERATIONS } from "./opcodes-objects.ts";
import { unescapeString, unescapeUnicode } from "./text.ts";

const HIGHEST_PROTOCOL = 5;

const FRAMING: Readonly<Record<number, Operation>> = {
  [OP.PROTO]: ({ cursor }) => {
    const protocol = cursor.uint8();
    if (protocol > HIGHEST_PROTOCOL) throw malformed(`its protocol is ${protocol}`);
  },
  // Its bytes are read like any others.
  [OP.FRAME]: ({ cursor }) => {
    const length = cursor.uint64();
    if (length > cursor.remaining)
      throw malformed(`a frame claims ${length} bytes, and ${cursor.remaining} are left`);
  },
};

const STACK: Readonly<Record<number, Operation>> = {
  [OP.MARK]: (machine) => machine.mark(),
  [OP.POP]: (machine) => machine.popValueOrMark(),
  [OP.POP_MARK]: (machine) => machine.popToMark(),
  [OP.DUP]: (machine) => machine.pushAgain(machine.top()),
  [OP.PUT]: (machine) => machine.remember(memoIndex(machine)),
  [OP.BINPUT]: (machine) => machine.remember(machine.cursor.uint8()),
  [OP.LONG_BINPUT]: (machine) => machine.remember(machine.cursor.uint32()),
  [OP.MEMOIZE]: (machine) => machine.rememberNext(),
  [OP.GET]: (machine) => machine.recall(memoIndex(machine)),
  [OP.BINGET]: (machine) => machine.recall(machine.cursor.uint8()),
  [OP.LONG_BINGET]: (machine) => machine.recall(machine.cursor.uint32()),
};

function memoIndex({ cursor }: Machine): number {
  const line = cursor.line().toString("latin1");
  if (!/^\d{1,9}$/.test(line)) throw malformed("a place in its memo is not a number");
  return Number(line);
}

const SCALARS: Readonly<Record<number, Operation>> = {
  [OP.NONE]: (machine) => machine.push(null),
  [OP.NEWTRUE]: (machine) => machine.push(true),
  [OP.NEWFALSE]: (machine) => machine.push(false),
  // Protocol 0 has booleans here.
  [OP.INT]: (machine) => {
    const line = machine.cursor.line().toString("latin1");
    machine.push(line === "01" || line === "00" ? line === "01" : readInteger(line));
  },
  [OP.BININT]: (machine) => machine.push(machine.cursor.int32()),
  [OP.BININT1]: (machine) => machine.push(machine.cursor.uint8()),
  [OP.BININT2]: (machine) => machine.push(machine.cursor.uint16()),
  [OP.LONG]: (machine) =>
    machine.push(readInteger(machine.cursor.line().toString("latin1").replace(/L$/, ""))),
  [OP.LONG1]: (machine) => machine.push(toInteger(machine.cursor.bytes(machine.cursor.uint8()))),
  [OP.LONG4]: (machine) => machine.push(toInteger(machine.cursor.bytes(machine.cursor.int32()))),
  [OP.FLOAT]: (machine) => pushFloat(machine, readFloat(machine.cursor.line().toString("latin1"))),
  [OP.BINFLOAT]: (machine) => pushFloat(machine, machine.cursor.double()),
  // A str of Python 2.
  [OP.STRING]: (machine) => pushOldString(machine, unescapeString(machine.cursor.line())),
  [OP.BINSTRING]: (machine) => pushOldString(machine, machine.cursor.bytes(machine.cursor.int32())),
  [OP.SHORT_BINSTRING]: (machine) => pushOldString(machine, machine.cursor.bytes(machine.cursor.uint8())),
  [OP.UNICODE]: (machine) => machine.push(unescapeUnicode(machine.cursor.line())),
  [OP.SHORT_BINUNICODE]: (machine) => machine.push(machine.cursor.text(machine.cursor.uint8())),
  [OP.BINUNICODE]: (machine) => machine.push(machine.cursor.text(machine.cursor.uint32())),
  [OP.BINUNICODE8]: (machine) => machine.push(machine.cursor.text(machine.cursor.uint64())),
  // Copies, for the body belongs to a broker's client.
  [OP.SHORT_BINBYTES]: (machine) =>
    machine.push(new Uint8Array(machine.cursor.bytes(machine.cursor.uint8()))),
  [OP.BINBYTES]: (machine) => machine.push(new Uint8Array(machine.cursor.bytes(machine.cursor.uint32()))),
  [OP.BINBYTES8]: (machine) => machine.push(new Uint8Array(machine.cursor.bytes(machine.cursor.uint64()))),
  [OP.BYTEARRAY8]: (machine) => machine.push(new ByteArray(machine.cursor.bytes(machine.cursor.uint64()))),
};

function pushFloat(machine: Machine, value: number): void {
  machine.push(machine.exactFloats ? toFloat(value) : value);
}

/** Python 3 cannot read other than ASCII here; it is the bytes that Python 2 had, as in dates. */
function pushOldString(machine: Machine, bytes: Buffer): void {
  machine.push(bytes.every((byte) => byte < 0x80) ? bytes.toString("latin1") : new Uint8Array(bytes));
}

const CONTAINERS: Readonly<Record<number, Operation>> = {
  [OP.EMPTY_LIST]: (machine) => machine.pushContainer("list"),
  [OP.LIST]: (machine) => machine.pushContainer("list", machine.popToMark()),
  [OP.APPEND]: (machine) => {
    const item = machine.pop();
    append(machine, [item]);
  },
  [OP.APPENDS]: (machine) => append(machine, machine.popToMark()),
  [OP.EMPTY_TUPLE]: (machine) => machine.pushContainer("tuple"),
  [OP.TUPLE1]: (machine) => machine.pushContainer("tuple", machine.take(1)),
  [OP.TUPLE2]: (machine) => machine.pushContainer("tuple", machine.take(2)),
  [OP.TUPLE3]: (machine) => machine.pushContainer("tuple", machine.take(3)),
  [OP.TUPLE]: (machine) => machine.pushContainer("tuple", machine.popToMark()),
  [OP.EMPTY_DICT]: (machine) => machine.pushContainer("dict"),
  [OP.DICT]: (machine) => machine.pushContainer("dict", inPairs(machine.popToMark())),
  [OP.SETITEM]: (machine) => setItems(machine, machine.take(2)),
  [OP.SETITEMS]: (machine) => setItems(machine, machine.popToMark()),
  [OP.EMPTY_SET]: (machine) => machine.pushContainer("set"),
  [OP.ADDITEMS]: (machine) => {
    const items = machine.popToMark();
    const target = machine.top();
    if (target instanceof ContainerNode && target.kind === "set") target.add(items);
    else if (target instanceof ObjectNode) target.addItems(items);
    else throw malformed("it adds items to what is no set");
    machine.checkHeight(target);
  },
  [OP.FROZENSET]: (machine) => machine.pushContainer("frozenset", machine.popToMark()),
};

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

const OPERATIONS: Readonly<Record<number, Operation>> = {
  ...FRAMING,
  ...STACK,
  ...SCALARS,
  ...CONTAINERS,
  ...OBJECT_OPERATIONS,
};

/** Runs the opcodes up to STOP. Throws DecodeError. */
export function run(machine: Machine): Node {
  const { cursor } = machine;
  for (;;) {
    const code = cursor.uint8();
    if (code === OP.STOP) break;
    const operation = OPERATIONS[code];
    if (operation === undefined) throw malformed(`there is no opcode ${code}`);
    operation(machine);
  }
  if (cursor.remaining > 0) throw malformed(`${cursor.remaining} bytes follow its end`);
  return machine.end();
}
