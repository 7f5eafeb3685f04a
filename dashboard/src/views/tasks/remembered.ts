/** The list as it was left, so that the way back from a task leads to the same place. */
import { href } from "../../router.ts";
import type { TaskFilter } from "./filter.ts";
import type { TaskPages } from "./use-tasks.ts";

export interface RememberedList {
  readonly key: string;
  readonly filter: TaskFilter;
  readonly pages: TaskPages;
  readonly scrollTop: number;
  readonly currentId: string | undefined;
}

let remembered: RememberedList | undefined;

export function rememberList(list: RememberedList): void {
  remembered = list;
}

/** The list of this filter, if it was the last one. */
export function rememberedList(key: string): RememberedList | undefined {
  return remembered?.key === key ? remembered : undefined;
}

/** The address of the list that was open last. */
export function lastListHref(): string {
  return href(["tasks"], remembered?.filter ?? {});
}
