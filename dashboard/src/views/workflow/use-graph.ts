import { useEffect } from "preact/hooks";
import { segment } from "../../lib/api.ts";
import { type Loaded, useLoad } from "../../lib/load.ts";
import type { Graph, GraphNode } from "./layout.ts";

/** Between two looks while the workflow goes on. */
const LOOK_MS = 2000;

const ENDS: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "REVOKED"]);

/** The graph of the workflow that a task or group is part of, read again until it is over. */
export function useGraph(id: string): Loaded<Graph> {
  const loaded = useLoad<Graph>(`v1/workflows/${segment(id)}/graph`);
  const { data, reload, isLoading } = loaded;
  const goesOn = data !== undefined && data.nodes.length > 1 && !data.nodes.every(isOver);
  useEffect(() => {
    if (!goesOn || isLoading) return;
    const timer = setTimeout(reload, LOOK_MS);
    return () => clearTimeout(timer);
  }, [goesOn, isLoading, reload]);
  return loaded;
}

function isOver({ kind, state = "" }: GraphNode): boolean {
  return kind !== "task" || ENDS.has(state);
}
