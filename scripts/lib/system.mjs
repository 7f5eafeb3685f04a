import { capture, run } from "./run.mjs";

/** What the tests use from Debian. They start private servers: the system's own services are never used. */
const debianPackages = [
  "redis-server",
  "rabbitmq-server",
  "postgresql",
  "chromium",
  "php-cli",
  "python3-venv",
  "python3-celery",
  "python3-cryptography",
  "python3-redis",
  "python3-psycopg2",
  "python3-sqlalchemy",
  "python3-msgpack",
  "python3-yaml",
  "python3-brotli",
  "python3-zstandard",
];

/** Waits for another apt-get to finish. */
const patience = ["-o", "DPkg::Lock::Timeout=300"];

/**
 * Installs what is missing when we may (Debian, as root). Resolves to whether everything is there afterwards; elsewhere
 * to true, since only starting the servers will tell.
 */
export async function ensureSystemPackages() {
  if (capture("apt-get", ["--version"]) === "") return true;
  const missing = missingPackages();
  if (missing.length === 0) return true;
  const install = ["install", "--yes", "--no-install-recommends", ...missing];
  if (process.getuid?.() !== 0) return explain(missing, install);
  console.log(`Installing ${missing.join(", ")} with apt-get (a minute or two)...`);
  await run("apt-get", ["-qq", ...patience, "update"]);
  const quiet = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  return (
    (await run("apt-get", ["-qq", ...patience, ...install], quiet)) === 0 ||
    explain(missingPackages(), install)
  );
}

function missingPackages() {
  const known = capture("dpkg-query", ["--show", `--showformat=\${Package} \${Status}\n`, ...debianPackages]);
  return debianPackages.filter((name) => !known.split("\n").includes(`${name} install ok installed`));
}

function explain(missing, install) {
  console.error(`MISSING: ${missing.join(", ")}. Tests that need them cannot run. To install them:`);
  console.error(`  sudo apt-get ${install.join(" ")}`);
  return false;
}
