// A visitor's first minute: `npm start` loads a demo school, plays its weeks, and says that it is ready.
// Nothing else plays them, and a rule that is changed may be one that they stood on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { at } from "../lib/base.mjs";
import { freePort } from "../lib/server.mjs";

/** What `npm start` says until it is ready, or until it ends. */
async function started(demo) {
  const state = mkdtempSync(join(tmpdir(), "xiaoxun-demo-"));
  const args = ["--demo", demo, "--port", String(await freePort()), "--state", state];
  const env = { ...process.env, LANG: "en_US.UTF-8", LC_ALL: "en_US.UTF-8" };
  const child = spawn(process.execPath, [at("scripts", "start.mjs"), ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const ended = new Promise((end) => child.once("close", end));
  const ready = new Promise((done) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        said += data;
        if (/^(Ready after|启动用时)/m.test(said)) done();
      });
    }
  });
  await Promise.race([ready, ended]);
  child.kill("SIGTERM");
  await ended;
  rmSync(state, { recursive: true, force: true });
  return said;
}

for (const demo of ["middle", "university"]) {
  test(`the ${demo} demo school is ready`, { timeout: 240_000 }, async () => {
    assert.match(await started(demo), /^(Ready after|启动用时)/m);
  });
}
