/** The Express application behind the routes: the dashboard's files, and whatever the application mounts. */
import { fileURLToPath } from "node:url";
import express, { type Express } from "express";

/** What the build makes of dashboard/. Beside the compiled gateway; sources that run as they are take it from dist. */
const DASHBOARD: string = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../dist/dashboard/" : "../dashboard/", import.meta.url),
);

/** No scripts, styles or data but our own, and nobody may frame the page. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** Files with a hash of their content in their names. */
const HASHED = /[/\\]assets[/\\][^/\\]+$/;

export function createPublicSite(): Express {
  const site = express();
  site.disable("x-powered-by");
  site.use(
    express.static(DASHBOARD, {
      cacheControl: false,
      setHeaders(res, path) {
        for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
        // The others change with the package, and are small: ask each time, get 304.
        res.setHeader(
          "cache-control",
          HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
        );
      },
    }),
  );
  return site;
}
