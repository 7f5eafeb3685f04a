/** The Express application behind the routes: the dashboard's files, and whatever the application mounts. */
import { fileURLToPath } from "node:url";
import express, { type Express } from "express";

/** Beside this file, in the sources and in the package. */
const DASHBOARD: string = fileURLToPath(new URL("dashboard/", import.meta.url));

/** No scripts, styles or data but our own, and nobody may frame the page. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

export function createPublicSite(): Express {
  const site = express();
  site.disable("x-powered-by");
  site.use(
    express.static(DASHBOARD, {
      cacheControl: false,
      setHeaders(res) {
        for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
        // The files change with the package, and are small: ask each time, get 304.
        res.setHeader("cache-control", "no-cache");
      },
    }),
  );
  return site;
}
