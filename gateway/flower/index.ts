/** Flower's API: its paths, methods, parameters and answers. docs/flower.md says where this one differs. */
import type { Route } from "../route.ts";
import { controlRoutes } from "./control-routes.ts";
import { resultRoutes } from "./result-routes.ts";
import { startRoutes } from "./start-routes.ts";
import { taskRoutes } from "./task-routes.ts";
import { workerRoutes } from "./worker-routes.ts";

export const FLOWER_ROUTES: readonly Route[] = [
  ...startRoutes,
  ...resultRoutes,
  ...taskRoutes,
  ...workerRoutes,
  ...controlRoutes,
];
