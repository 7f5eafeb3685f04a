/** For `celerity worker -A`: the tasks of tasks.ts in an app that the environment configures. */
import { type App, createApp } from "../../app/index.ts";
import { registerTasks } from "./tasks.ts";

export const app: App = createApp();
registerTasks(app);
