// Prepared state folders that each test copies: migrated, with a demo school
// in it. Made once for a build, so that a test starts in a second.
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { at, hash, t, say } from "./base.mjs";
import { loadDemo, schools } from "./demo.mjs";
import { freePort, serve } from "./server.mjs";
import { State } from "./state.mjs";

const key = () =>
  hash([at("worker", "build"), at("schema"), at("tests", "data"), at("scripts", "lib"), at("wrangler.toml")]);

/** How each template is loaded: `empty` is migrated alone, the others are the demo schools. */
const SCHOOLS = { empty: undefined, demo: schools.middle, university: schools.university };

/** The folder with the templates `demo` and `empty`; made where they are missing. */
export async function templates() {
  for (const name of ["empty", "demo"]) await template(name);
  return home();
}

const home = () => at("target", "test-states", key());

/** The folder of one template, made where it is missing: few tests need the university. */
export async function template(name) {
  const folder = join(home(), name);
  while (!existsSync(folder)) {
    mkdirSync(home(), { recursive: true });
    const lock = `${folder}.lock`;
    try {
      mkdirSync(lock);
    } catch {
      // Somebody else makes it; a lock that a killed run left behind is old.
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 180_000) rmSync(lock, { recursive: true, force: true });
      await new Promise((soon) => setTimeout(soon, 100));
      continue;
    }
    const making = `${folder}.${process.pid}`;
    try {
      await make(making, SCHOOLS[name]);
      renameSync(making, folder);
    } finally {
      rmSync(lock, { recursive: true, force: true });
      rmSync(making, { recursive: true, force: true });
    }
  }
  return folder;
}

async function make(folder, school) {
  console.error(t("▸ 准备测试用的学校（一般需要 20 s）", "▸ Preparing a school for tests (usually 20 s)"));
  const state = new State(folder);
  const port = await freePort();
  const config = state.configure({ origin: `http://127.0.0.1:${port}` });
  const quiet = console.log;
  console.log = console.error;
  try {
    state.migrate(config);
    const server = await serve({ state, config, port, onError: (message) => console.error(message) });
    try {
      if (school) await loadDemo(server.origin, state.secrets().SETUP_KEY, (done) => say(`  ✓ ${done}`), { school });
    } finally {
      await server.stop();
    }
  } finally {
    console.log = quiet;
  }
}
