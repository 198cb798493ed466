// Everything else here runs on Miniflare as scripts/lib/server.mjs starts it.
// This is the deployment as somebody with nothing but Wrangler starts it:
// `wrangler dev` on production's configuration, until it says that it is well.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bin } from "../lib/base.mjs";
import { freePort } from "../lib/server.mjs";
import { State } from "../lib/state.mjs";
import { templates } from "../lib/template.mjs";

const WITHIN = 90_000;
const folder = mkdtempSync(join(tmpdir(), "xiaoxun-smoke-"));
let wrangler;

const running = () => wrangler && wrangler.exitCode === null && wrangler.signalCode === null;
/** Wrangler and its workerd are one process group. */
const signal = (name) => running() && process.kill(-wrangler.pid, name);

after(async () => {
  if (running()) {
    const ended = new Promise((end) => wrangler.once("close", end));
    signal("SIGTERM");
    const late = setTimeout(() => signal("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }
  rmSync(folder, { recursive: true, force: true });
});
// Ctrl-C reaches this process, not that group.
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => process.exit(1));
process.on("exit", () => signal("SIGKILL"));

/** Starts `wrangler dev` on a migrated, empty state; gives its address and what it has said. */
async function dev() {
  cpSync(join(await templates(), "empty"), folder, { recursive: true });
  const state = new State(folder);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  state.configure({ origin, production: true });
  const secrets = Object.entries(state.secrets()).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(state.path(".dev.vars"), secrets.join(""), { mode: 0o600 });
  const args = ["dev", "--config", state.path("wrangler.json"), "--persist-to", state.data, "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  const env = { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: state.path("logs"), WRANGLER_REGISTRY_PATH: state.path("registry") };
  wrangler = spawn(process.execPath, [bin("wrangler"), ...args], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [wrangler.stdout, wrangler.stderr]) stream.on("data", (data) => (said += data));
  return { origin, said: () => said };
}

test("wrangler dev runs the Worker", async () => {
  const { origin, said } = await dev();
  const deadline = Date.now() + WITHIN;
  for (;;) {
    assert.equal(wrangler.exitCode, null, `wrangler dev ended:\n${said()}`);
    assert.ok(Date.now() < deadline, `no answer within ${WITHIN / 1000} s:\n${said()}`);
    const answer = await fetch(`${origin}/api/health`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    if (answer?.ok) {
      assert.equal((await answer.json()).ok, true);
      break;
    }
    await new Promise((again) => setTimeout(again, 100));
  }
  const app = await fetch(`${origin}/`);
  assert.equal(app.status, 200);
  assert.match(await app.text(), /<title>校讯/);
  assert.equal((await fetch(`${origin}/m/nothing`)).status, 404);
  const document = await (await fetch(`${origin}/api/openapi.json`)).json();
  assert.ok(document.paths["/api/messages/{id}/decisions"]?.post, "the document of the API goes up beside the Worker");
});
