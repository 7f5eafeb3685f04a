/** Handles made from results as data. */
import { isGroupNode, type ResultNode } from "../../protocol/index.ts";
import { AsyncResult } from "./async-result.ts";
import { GroupResult } from "./group-result.ts";
import type { AnyResult, ResultHost } from "./result-host.ts";

export function resultFromNode(node: ResultNode, host: ResultHost): AnyResult {
  const parent = node.parent === undefined ? undefined : resultFromNode(node.parent, host);
  if (!isGroupNode(node)) return new AsyncResult(node.id, host, parent);
  const members = node.children.map((member) => resultFromNode(member, host));
  return new GroupResult(node.id, members, host, parent);
}
