// A prepared state folder that each test copies: migrated, with the demo
// school in it. Made once for a build, so that a test starts in a second.
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { at, hash, t, say } from "./base.mjs";
import { loadDemo } from "./demo.mjs";
import { freePort, serve } from "./server.mjs";
import { State } from "./state.mjs";

const key = () =>
  hash([at("worker", "build"), at("schema"), at("tests", "data"), at("scripts", "lib"), at("wrangler.toml")]);

/** The folder with the templates `demo` and `empty`; made where it is missing. */
export async function templates() {
  const home = at("target", "test-states");
  const folder = join(home, key());
  while (!existsSync(folder)) {
    mkdirSync(home, { recursive: true });
    const lock = `${folder}.lock`;
    try {
      mkdirSync(lock);
    } catch {
      // Somebody else makes it; a lock that a killed run left behind is old.
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 180_000) rmSync(lock, { recursive: true, force: true });
      await new Promise((soon) => setTimeout(soon, 100));
      continue;
    }
    try {
      await make(`${folder}.${process.pid}`);
      renameSync(`${folder}.${process.pid}`, folder);
    } finally {
      rmSync(lock, { recursive: true, force: true });
      rmSync(`${folder}.${process.pid}`, { recursive: true, force: true });
    }
  }
  return folder;
}

async function make(folder) {
  console.error(t("▸ 准备测试用的学校（一般需要 20 s）", "▸ Preparing the school for tests (usually 20 s)"));
  for (const name of ["empty", "demo"]) {
    const state = new State(join(folder, name));
    const port = await freePort();
    const config = state.configure({ origin: `http://127.0.0.1:${port}` });
    const quiet = console.log;
    console.log = console.error;
    state.migrate(config);
    const server = await serve({ state, config, port, onError: (message) => console.error(message) });
    try {
      if (name === "demo") await loadDemo(server.origin, state.secrets().SETUP_KEY, (done) => say(`  ✓ ${done}`));
    } finally {
      await server.stop();
      console.log = quiet;
    }
  }
}
