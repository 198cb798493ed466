// What a browser story starts from: a running school of its own.
//
//   import { expect, shot, test } from "./fixtures.mjs";
//   test("…", async ({ page, demo }) => { await page.goto(demo.origin); … });
//
// `demo` holds the middle school with its demo accounts, `empty` a deployment
// on which nobody has called POST /api/setup. Both are on the pretend telephone
// network (`/sandbox`), both belong to one test alone.
import { test as base } from "@playwright/test";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { at } from "../../scripts/lib/base.mjs";
import { Client } from "../../scripts/lib/client.mjs";
import { PASSPHRASE, setUp } from "../../scripts/lib/demo.mjs";
import { templates } from "../../scripts/lib/template.mjs";

export { expect } from "@playwright/test";
export { PASSPHRASE };

/** Roster files as an office has them. */
export const roster = {
  staff: at("tests", "data", "middle-school-staff.csv"),
  students: at("tests", "data", "middle-school-students.csv"),
  dirty: at("tests", "data", "students-dirty-gb18030.csv"),
};

async function run(template, vars = {}) {
  const state = mkdtempSync(join(tmpdir(), "xiaoxun-browser-"));
  cpSync(join(await templates(), template), state, { recursive: true });
  const args = [at("scripts", "serve.mjs"), "--state", state];
  for (const [name, value] of Object.entries(vars)) args.push("--var", `${name}=${value}`);
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ready = await new Promise((found, failed) => {
    createInterface({ input: child.stdout }).once("line", found);
    child.once("close", (code) => failed(new Error(`serve.mjs ended with ${code}`)));
  });
  const { origin, setup_key: setupKey } = JSON.parse(ready);
  return {
    origin,
    passphrase: PASSPHRASE,
    /** A client of the API, for what the story is not about. */
    client: () => new Client(origin),
    /** Signed in by staff number: T0018 is 七年级1班's homeroom teacher, T0015 the head of year 7. */
    async signedIn(number) {
      const client = new Client(origin);
      await client.signIn(number, PASSPHRASE);
      return client;
    },
    /** `POST /api/setup`: the two administrators' slips (empty school only). */
    setUp: () => setUp(origin, setupKey),
    /** Fires cron once, as Cloudflare does each minute. */
    async cron(time = Date.now()) {
      const answer = await fetch(`${origin}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${time}`);
      if (!answer.ok) throw new Error(`cron: ${answer.status}`);
    },
    async stop() {
      const closed = new Promise((end) => child.once("close", end));
      child.stdin.end();
      await closed;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

const school = (template) => [
  async ({}, use) => {
    const app = await run(template);
    try {
      await use(app);
    } finally {
      await app.stop();
    }
  },
  { timeout: 60_000 },
];

export const test = base.extend({ demo: school("demo"), empty: school("empty") });

/** A screenshot in tests/browser/shots (not in git), by project, story and step. */
export async function shot(page, testInfo, name) {
  const folder = at("tests", "browser", "shots", testInfo.project.name);
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
