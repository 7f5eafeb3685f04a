/** Stampings as data that both languages do: the visitors here do what those of celery_canvas.py do. */
import fc from "fast-check";
import { type StampingVisitor, type Stamps, stampCanvas } from "../../canvas/index.ts";
import type { Signature } from "../../protocol/index.ts";

export interface Stamping {
  /** What the visitor's stamps look like; null for none. */
  readonly visitor: "text" | "list" | "object" | "option" | null;
  /** Whether it visits the headers of chords as such, and not as groups. */
  readonly headers: boolean;
  readonly append: boolean;
  readonly stamps: Stamps;
}

const SIMPLE: readonly Stamps[] = [
  {},
  { day: "monday" },
  { last: "given", task: "given" },
  { day: "monday", priority: 3, stamped_headers: ["day"] },
];
const NESTED: readonly Stamps[] = [
  { last: ["given"], day: null },
  { last: { given: 1 }, day: 5 },
];

const simple: fc.Arbitrary<Stamping> = fc.record({
  visitor: fc.constantFrom("text", "option", null),
  headers: fc.boolean(),
  append: fc.boolean(),
  stamps: fc.constantFrom(...SIMPLE),
});
const any: fc.Arbitrary<Stamping> = fc.record({
  visitor: fc.constantFrom("text", "option", "list", "object", null),
  headers: fc.boolean(),
  append: fc.boolean(),
  stamps: fc.constantFrom(...SIMPLE, ...NESTED),
});

/**
 * None, one, or one after the other. Only the last has lists and objects: in Celery those belong to many signatures at once,
 * and a later stamping that adds to one of them adds to all, over and over.
 */
export const stampings: fc.Arbitrary<readonly Stamping[]> = fc.oneof(
  fc.constant([]),
  fc.tuple(any),
  fc.tuple(simple, any),
);

export function stampAll(canvas: Signature, list: readonly Stamping[]): Signature {
  return list.reduce(
    (stamped, { visitor, headers, append, stamps }) =>
      stampCanvas(stamped, {
        visitor: visitor === null ? undefined : createVisitor(visitor, headers),
        headers: stamps,
        append,
      }),
    canvas,
  );
}

const FORMS: Readonly<Record<NonNullable<Stamping["visitor"]>, (name: string, text: string) => Stamps>> = {
  text: (name, text) => ({ [name]: text, last: text }),
  list: (name, text) => ({ [name]: [text], last: [text] }),
  object: (name, text) => ({ last: { [name]: text } }),
  option: (name, text) => ({ [name]: text, priority: 7, stamped_headers: [name] }),
};

function createVisitor(form: keyof typeof FORMS, visitsHeaders: boolean): StampingVisitor {
  let count = 0;
  const visit = (name: string, text: string): Stamps => {
    count += 1;
    return FORMS[form](name, `${text} ${count}`);
  };
  const tasks = ({ kwargs }: Signature): number => (kwargs["tasks"] as readonly unknown[]).length;
  const countBy = (steps: number) => (): void => {
    count += steps;
  };
  const forHeaders: Partial<StampingVisitor> = {
    onChordHeaderStart: (_, headers) => visit("header", `${Object.keys(headers).length} stamps`),
    onChordHeaderEnd: countBy(100),
  };
  return {
    onSignature: ({ task }) => visit("task", task),
    onChainStart: (chain) => visit("chained", `${tasks(chain)} steps`),
    onChainEnd: countBy(1),
    onGroupStart: (group) => visit("grouped", `${tasks(group)} members`),
    onGroupEnd: countBy(10),
    onChordBody: () => visit("body", "body"),
    onCallback: ({ task }) => visit("called", task),
    onErrback: ({ task }) => visit("erred", task),
    ...(visitsHeaders ? forHeaders : {}),
  };
}
