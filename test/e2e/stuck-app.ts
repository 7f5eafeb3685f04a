/** For `celerity worker -A`: an app that never closes, so that its worker hangs when it should end. */
import { type App, createApp } from "../../app/index.ts";

export const app: App = createApp();
app.close = () => {
  process.stderr.write("This app never closes.\n");
  return new Promise<void>(() => undefined);
};
