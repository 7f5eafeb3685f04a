/** Canvases as data that both languages build: how the parts are written down, not what becomes of them. */
import fc from "fast-check";
import {
  chain,
  chord,
  cloneSignature,
  group,
  pipe,
  withErrback,
  withImmutable,
  withLink,
} from "../../canvas/index.ts";
import { type Signature, signature } from "../../protocol/index.ts";

export type Expression =
  | {
      readonly kind: "task";
      readonly name: string;
      readonly args: readonly number[];
      readonly immutable: boolean;
      readonly link?: readonly string[];
      readonly linkError?: readonly string[];
      readonly options?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "chain" | "group"; readonly of: readonly Expression[] }
  | { readonly kind: "chord"; readonly of: readonly Expression[]; readonly body: Expression }
  | { readonly kind: "pipe"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "link" | "linkError" | "immutable" | "clone"; readonly of: Expression };

const task: fc.Arbitrary<Expression> = fc.record(
  {
    kind: fc.constant("task" as const),
    name: fc.constantFrom("a", "b", "c", "d"),
    args: fc.array(fc.nat({ max: 9 }), { maxLength: 2 }),
    immutable: fc.boolean(),
    link: fc.constantFrom(["e"], ["e", "f"]),
    linkError: fc.constant(["f"]),
    options: fc.constantFrom({ queue: "there" }, { countdown: 5 }, { priority: 1 }),
  },
  { requiredKeys: ["kind", "name", "args", "immutable"] },
);

const withoutChains: fc.Arbitrary<Expression> = fc.oneof(
  task,
  fc.record({ kind: fc.constant("group" as const), of: fc.array(task, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    kind: fc.constant("chord" as const),
    of: fc.array(task, { minLength: 1, maxLength: 3 }),
    body: task,
  }),
);

export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ readonly any: Expression }>((tie) => {
  const some = (least: number) => fc.array(tie("any"), { minLength: least, maxLength: 3 });
  return {
    any: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      task,
      fc.record({ kind: fc.constantFrom("chain" as const, "group" as const), of: some(1) }),
      fc.record({ kind: fc.constant("chord" as const), of: some(1), body: tie("any") }),
      fc.record({ kind: fc.constant("pipe" as const), left: tie("any"), right: tie("any") }),
      fc.record({
        kind: fc.constantFrom("link" as const, "linkError" as const, "clone" as const),
        of: tie("any"),
      }),
      fc.record({ kind: fc.constant("immutable" as const), of: withoutChains }),
    ),
  };
}).any;

export function compose(expression: Expression): Signature {
  switch (expression.kind) {
    case "task": {
      const { name, args, immutable, link, linkError, options } = expression;
      const linked = {
        ...(link === undefined ? {} : { link: link.map((one) => signature(one)) }),
        ...(linkError === undefined ? {} : { link_error: linkError.map((one) => signature(one)) }),
        ...options,
      };
      return { ...signature(name, args, {}, linked), immutable };
    }
    case "chain":
      return chain(...expression.of.map(compose));
    case "group":
      return group(expression.of.map(compose));
    case "chord":
      return chord(expression.of.map(compose), compose(expression.body));
    case "pipe":
      return pipe(compose(expression.left), compose(expression.right));
    case "link":
      return withLink(compose(expression.of), signature("e", [1]));
    case "linkError":
      return withErrback(compose(expression.of), signature("f", [1]), false);
    case "immutable":
      return withImmutable(compose(expression.of), true);
    case "clone": {
      const made = compose(expression.of);
      const given = made.subtask_type === null ? { args: [8], kwargs: { k: 1 } } : {};
      return cloneSignature(made, { ...given, options: { queue: "clone" } });
    }
  }
}
