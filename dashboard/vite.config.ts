import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";

/** Browsers that know `light-dark()`, nesting and `<dialog>`: since spring 2024. */
const BROWSERS = ["chrome123", "firefox120", "safari17.5"];

/** Where `npm run dashboard` finds a gateway to show. */
const gateway = process.env["CELERITY_URL"] ?? "http://127.0.0.1:8420";

const config: UserConfig = defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Relative, so that the page works wherever the gateway is mounted.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("../dist/dashboard", import.meta.url)),
    emptyOutDir: true,
    target: BROWSERS,
    cssTarget: BROWSERS,
    // The content security policy allows no data URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The libraries are part of the files: their licenses go with them.
    license: { fileName: "licenses.md" },
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/readyz", "/problems"].map((path) => [
        path,
        { target: gateway, changeOrigin: true, headers: { origin: gateway } },
      ]),
    ),
  },
});

export default config;
