import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { root, run } from "./run.mjs";

const environment = `${root}.venv/celery-latest`;
const requirements = `${root}test/helpers/python/requirements-latest.txt`;
const djangoPackages = `${root}.venv/django-packages`;
const djangoRequirements = `${root}test/helpers/python/requirements-django.txt`;
const flaskPackages = `${root}.venv/flask-packages`;
const flaskRequirements = `${root}test/helpers/python/requirements-flask.txt`;
const fuzzPackages = `${root}.venv/fuzz-packages`;
const fuzzRequirements = `${root}test/helpers/python/requirements-fuzz.txt`;
const clientPackages = `${root}.venv/client-packages`;
const clientRequirements = `${root}test/helpers/python/requirements-client.txt`;
const benchPackages = `${root}.venv/bench-packages`;
const benchRequirements = `${root}bench/requirements.txt`;
/** A copy of what was installed, written last: a half-made environment has none and is made again. */
const installed = `${environment}/installed.txt`;

/** Makes the Python environment with the newest Celery, unless it is there. Resolves to whether it is. */
export async function ensurePythonEnvironment() {
  if (existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(requirements, "utf8"))
    return true;
  console.log("Installing Python Celery for the tests (about 30 s)...");
  rmSync(environment, { recursive: true, force: true });
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--requirement",
    requirements,
  ];
  const made =
    (await run("python3", ["-m", "venv", environment])) === 0 &&
    (await run(`${environment}/bin/python`, pip)) === 0;
  if (made) copyFileSync(requirements, installed);
  else
    console.error("MISSING: Python Celery. It needs python3 (3.10 or newer) with its venv module, and PyPI.");
  return made;
}

/** Installs what only benches need beside that environment, unless it is there. Resolves to whether it is. */
export async function ensureBenchPackages() {
  const made = await ensurePackagesBeside(benchPackages, benchRequirements, ["--only-binary", ":all:"]);
  if (!made) console.error("MISSING: gevent; Celery is measured with threads instead.");
  return made;
}

/** Installs django-celery-beat beside that environment, unless it is there. Resolves to whether it is. */
export async function ensureDjangoPackages() {
  const made = await ensurePackagesBeside(djangoPackages, djangoRequirements, ["--no-deps"]);
  if (!made) console.error("MISSING: django-celery-beat.");
  return made;
}

/** Installs Flask, which examples use, beside that environment, unless it is there. Resolves to whether it is. */
export async function ensureFlaskPackages() {
  const made = await ensurePackagesBeside(flaskPackages, flaskRequirements, ["--no-deps"]);
  if (!made) console.error("MISSING: Flask. The examples that need it cannot be run.");
  return made;
}

/** Installs Schemathesis, which sends the gateway what its OpenAPI document allows and forbids. Resolves to whether it is there. */
export async function ensureFuzzPackages() {
  const made = await ensurePackagesBeside(fuzzPackages, fuzzRequirements, ["--no-deps"]);
  if (!made) console.error("MISSING: Schemathesis. It needs Python 3.11 or newer.");
  return made;
}

/** Installs httpx, which the Python client uses, unless it is there. Resolves to whether it is. */
export async function ensureClientPackages() {
  const made = await ensurePackagesBeside(clientPackages, clientRequirements, ["--no-deps"]);
  if (!made) console.error("MISSING: httpx. The tests of the Python client need it.");
  return made;
}

async function ensurePackagesBeside(folder, requirementsFile, options) {
  const installedHere = `${folder}/installed.txt`;
  if (
    existsSync(installedHere) &&
    readFileSync(installedHere, "utf8") === readFileSync(requirementsFile, "utf8")
  )
    return true;
  rmSync(folder, { recursive: true, force: true });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...options];
  const target = ["--target", folder, "--requirement", requirementsFile];
  const made = (await run(`${environment}/bin/python`, [...pip, ...target])) === 0;
  if (made) copyFileSync(requirementsFile, installedHere);
  return made;
}
