/** What the compiler says about canvases. The build compiles this file, and fails where an expected error is missing. */
import { afterAll, describe, expectTypeOf, it } from "vitest";
import {
  type Args,
  type AsyncResult,
  type CallableSignature,
  chain,
  chord,
  createApp,
  type GroupResult,
  group,
  pipe,
} from "../../../app/index.ts";
import { type Signature, signature } from "../../../protocol/index.ts";

const app = createApp({ env: {}, brokerUrl: "memory://canvas-types" });
afterAll(() => app.close());

const add = app.taskRef<[x: number, y: number], number>("py.add");
const double = app.task("types.double", (x: number) => 2 * x);
const text = app.task("types.text", (x: number) => `${x}`);
const length = app.task("types.length", (x: string) => x.length);
const sum = app.task("types.sum", (list: readonly number[]) => list.length);
const both = app.task("types.both", ([x, y]: readonly [number, string]) => `${x}${y}`);
const scaled = app.task("types.scaled", (x: number, by?: number) => x * (by ?? 2));
const every = app.task("types.every", (first: string, ...rest: number[]) => rest.length + first.length);
const plain: Signature = signature("untyped");

describe("signatures", () => {
  it("know which arguments are missing", () => {
    expectTypeOf(add.s(1, 2)).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(add.s(1)).toEqualTypeOf<CallableSignature<[number], number>>();
    expectTypeOf(add.s()).toEqualTypeOf<CallableSignature<[number, number], number>>();
    expectTypeOf(add.si(1, 2)).toEqualTypeOf<CallableSignature<Args, number>>();
    expectTypeOf(scaled.s()).toEqualTypeOf<
      CallableSignature<[number] | [number, number | undefined], number>
    >();
    expectTypeOf(scaled.s(3)).toEqualTypeOf<CallableSignature<[] | [number], number>>();
    expectTypeOf(every.s("a", 1)).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(every.s(1).delay).parameters.toEqualTypeOf<[string] | [string, ...number[]]>();
    expectTypeOf(add.s().clone([1])).toEqualTypeOf<CallableSignature<[number], number>>();
    expectTypeOf(add.s().clone([], { y: 1 })).toEqualTypeOf<CallableSignature<Args, number>>();
    expectTypeOf(add.s(1).set({ queue: "q" })).toEqualTypeOf<CallableSignature<[number], number>>();
    expectTypeOf(add.s(1, 2).set({ immutable: true })).toEqualTypeOf<CallableSignature<Args, number>>();
    // @ts-expect-error of another type
    add.s("1");
    // @ts-expect-error too many
    add.s(1, 2, 3);
    // @ts-expect-error an immutable call takes nothing from before
    add.si(1);
    // @ts-expect-error more than is missing
    add.s(1).clone([1, 2]);
    // @ts-expect-error of another type
    every.s("a", "b");
  });

  it("are sent with what is missing", () => {
    type Sent = Promise<AsyncResult<number>>;
    expectTypeOf(add.s(1).delay).parameters.toEqualTypeOf<[number]>();
    expectTypeOf(add.s(1).delay).returns.toEqualTypeOf<Sent>();
    expectTypeOf(add.s(1).applyAsync).returns.toEqualTypeOf<Sent>();
    const unsent = (): unknown => [
      add.s(1).delay(2),
      add.s(1).applyAsync({ args: [2], countdown: 1 }),
      // @ts-expect-error nothing is missing
      add.s(1, 2).delay(3),
      // @ts-expect-error something is missing
      add.s(1).delay(),
      // @ts-expect-error of another type
      add.s(1).applyAsync({ args: ["2"] }),
      // @ts-expect-error no option of a call
      add.s(1, 2).set({ quue: "q" }),
    ];
    expectTypeOf(unsent).toBeFunction();
  });

  it("are linked to what takes their result", () => {
    expectTypeOf(add.s(1, 2).link(double.s())).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(add.s(1, 2).link(plain).onError(text.s(1))).toEqualTypeOf<CallableSignature<[], number>>();
    // @ts-expect-error takes a string
    add.s(1, 2).link(length.s());
  });

  it("of many calls are lists", () => {
    expectTypeOf(double.map([1, 2]).delay).returns.toEqualTypeOf<Promise<AsyncResult<number[]>>>();
    expectTypeOf(add.starmap([[1, 2]]).delay).returns.toEqualTypeOf<Promise<AsyncResult<number[]>>>();
    expectTypeOf(add.chunks([[1, 2]], 1).delay).returns.toEqualTypeOf<
      Promise<GroupResult<number[], number[][]>>
    >();
    // @ts-expect-error items of another type
    double.map(["1"]);
    // @ts-expect-error one argument is missing
    add.starmap([[1]]);
  });
});

describe("chains", () => {
  it("are checked step by step", () => {
    expectTypeOf(add.s(1, 2).pipe(double.s())).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(add.s(1).pipe(text.s()).pipe(length.s())).toEqualTypeOf<
      CallableSignature<[number], number>
    >();
    expectTypeOf(pipe(add.s(1, 2), text.s())).toEqualTypeOf<CallableSignature<[], string>>();
    expectTypeOf(chain(add.s(1), double.s(), add.s(1), text.s())).toEqualTypeOf<
      CallableSignature<[number], string>
    >();
    expectTypeOf(chain(add.s(1, 2), length.si("a"), double.s())).toEqualTypeOf<
      CallableSignature<[], number>
    >();
    expectTypeOf(scaled.s(1, 2).pipe(scaled.s(3))).toEqualTypeOf<CallableSignature<[], number>>();
    // @ts-expect-error takes a string
    add.s(1, 2).pipe(length.s());
    // @ts-expect-error has all its arguments already
    add.s(1, 2).pipe(double.s(1));
    // @ts-expect-error two arguments are missing
    add.s(1, 2).pipe(add.s());
    // @ts-expect-error takes a string
    pipe(add.s(1, 2), length.s());
    // @ts-expect-error the second takes a string
    chain(add.s(1, 2), length.s(), double.s());
    // @ts-expect-error the last takes a number
    chain(add.s(1, 2), double.s(), text.s(), double.s());
  });

  it("are checked up to ten steps, and beyond that as a list", () => {
    const d = double.s();
    expectTypeOf(chain(double.s(1), d, d, d, d, d, d, d, d, text.s())).toEqualTypeOf<
      CallableSignature<[], string>
    >();
    // @ts-expect-error the last takes a string
    chain(double.s(1), d, d, d, d, d, d, d, d, length.s());
    expectTypeOf(chain([d, d, d]).delay).parameters.toEqualTypeOf<unknown[]>();
  });

  it("take signatures without types anywhere", () => {
    expectTypeOf(chain(plain, double.s())).toEqualTypeOf<CallableSignature<Args, number>>();
    expectTypeOf(chain(add.s(1), plain)).toEqualTypeOf<
      CallableSignature<[number], unknown, "task" | "fork">
    >();
    expectTypeOf(chain(add.s(1), plain, text.s())).toEqualTypeOf<CallableSignature<[number], string>>();
    expectTypeOf(add.s(1).pipe(plain)).toEqualTypeOf<CallableSignature<[number], unknown, "task" | "fork">>();
  });
});

describe("groups and chords", () => {
  it("result in a list of what their members result in", () => {
    const pair = group([double.s(1), text.s(1)]);
    expectTypeOf(pair.delay).returns.toEqualTypeOf<Promise<GroupResult<number | string, [number, string]>>>();
    const many = group([1, 2].map((x) => add.s(x)));
    expectTypeOf(many.delay).parameters.toEqualTypeOf<[number]>();
    expectTypeOf(many.delay).returns.toEqualTypeOf<Promise<GroupResult<number, number[]>>>();
    expectTypeOf(group([pair, plain])).toEqualTypeOf<
      CallableSignature<[], [number, string, unknown], "group">
    >();
    expectTypeOf(group([chain(double.s(1), group([text.s(), double.s()])), double.s(2)])).toEqualTypeOf<
      CallableSignature<[], [[string, number], number], "group">
    >();
  });

  it("hand that list to what follows", () => {
    expectTypeOf(group([double.s(1), text.s(1)]).pipe(both.s())).toEqualTypeOf<
      CallableSignature<[], string>
    >();
    expectTypeOf(chord([double.s(1), add.s(1, 2)], sum.s())).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(
      chord(
        [1, 2].map((x) => double.s(x)),
        sum.s(),
      ),
    ).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(chord([plain, double.s(1)], plain)).toEqualTypeOf<
      CallableSignature<[], unknown, "task" | "fork">
    >();
    // @ts-expect-error takes numbers only
    chord([double.s(1), text.s(1)], sum.s());
    // @ts-expect-error takes no list
    chord([double.s(1), double.s(2)], double.s());
    // @ts-expect-error takes a number and a string, in this order
    group([text.s(1), double.s(1)]).pipe(both.s());
  });

  it("give each member what came before", () => {
    expectTypeOf(add.s(1, 2).pipe(group([double.s(), text.s()]))).toEqualTypeOf<
      CallableSignature<[], [number, string], "fork">
    >();
    expectTypeOf(add.s(1, 2).pipe(group([double.si(1), text.s()])).delay).returns.toEqualTypeOf<
      Promise<GroupResult<number | string, [number, string]>>
    >();
    expectTypeOf(add.s(1, 2).pipe(group([text.s()]))).toEqualTypeOf<CallableSignature<[], string>>();
    expectTypeOf(chain(group([double.s(1)]), text.s())).toEqualTypeOf<CallableSignature<[], string>>();
    expectTypeOf(group([double.s(1)]).pipe(sum.s())).toEqualTypeOf<CallableSignature<[], number>>();
    expectTypeOf(chord([double.s(1), double.s(2)], group([sum.s()]))).toEqualTypeOf<
      CallableSignature<[], [number], "fork">
    >();
    // @ts-expect-error a group with one member is its member
    chain(group([double.s(1)]), sum.s());
    // @ts-expect-error one of them takes a string
    add.s(1, 2).pipe(group([double.s(), length.s()]));
  });

  it("keep their types through app.apply()", () => {
    const apply = (): Promise<AsyncResult<number>> => app.apply(chord([double.s(1)], sum.s()));
    expectTypeOf(apply).toBeFunction();
    expectTypeOf(() => app.apply(group([double.s(1)]))).returns.toEqualTypeOf<
      Promise<GroupResult<number, [number]>>
    >();
  });
});
