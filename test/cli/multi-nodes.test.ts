import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { parseMulti } from "../../cli/multi.ts";

const host = hostname();
const argsOf = (...words: readonly string[]): string[][] =>
  parseMulti(words).map(({ args }) => args.slice(0, args.indexOf("-n")));

describe("parseMulti", () => {
  it("numbers nodes, or takes their names", () => {
    expect(parseMulti(["2"]).map(({ node }) => node)).toEqual([`celery1@${host}`, `celery2@${host}`]);
    expect(parseMulti(["fast", "slow@there"]).map(({ node }) => node)).toEqual([
      `fast@${host}`,
      "slow@there",
    ]);
  });

  it("gives options to all nodes, and to some", () => {
    expect(
      argsOf("3", "-A", "./app.js", "-c", "4", "-c:2", "10", "--pool:1-2=async", "-Q:celery3", "a,b"),
    ).toEqual([
      ["-A", "./app.js", "-c", "4", "--pool", "async"],
      ["-A", "./app.js", "-c", "10", "--pool", "async"],
      ["-A", "./app.js", "-c", "4", "-Q", "a,b"],
    ]);
    expect(argsOf("a", "b", "-E", "--statedb=x y")).toEqual([
      ["-E", "--statedb", "x y"],
      ["-E", "--statedb", "x y"],
    ]);
  });

  it("names the files of each node", () => {
    const [node] = parseMulti(["w", "--pidfile=/run/%n.pid", "--logfile", "/log/%p.log"]);
    expect(node).toMatchObject({ pidFile: "/run/w.pid", logFile: `/log/w@${host}.log` });
    expect(node?.args.slice(-4)).toEqual(["--pidfile", "/run/w.pid", "--logfile", `/log/w@${host}.log`]);
    expect(parseMulti(["w"])[0]).toMatchObject({ pidFile: "w.pid", logFile: "w.log" });
  });

  it.each([
    [[], /Name the nodes/],
    [["0"], /1 to 1000 nodes/],
    [["w", "-c", "4", "stray"], /"stray" is no option/],
  ])("refuses %j", (words, message) => {
    expect(() => parseMulti(words)).toThrow(message);
  });
});
