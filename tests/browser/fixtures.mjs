// What a browser story starts from: a running school of its own.
//
//   import { expect, shot, test } from "./fixtures.mjs";
//   test("…", async ({ demo, visitor }) => {
//     const page = await visitor();
//     await page.goto(demo.origin);
//   });
//
// `demo` holds the middle school with its demo accounts, `university` the other
// demo school, `empty` a deployment on which nobody has called POST /api/setup.
// Each is on the pretend telephone network (`/sandbox`) and belongs to one test alone. Each `visitor` is another
// person with a browser of the project's size; whatever the story is about, a
// visitor's browser must not report an error or a breach of the content policy.
import { expect, test as base } from "@playwright/test";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { at } from "../../scripts/lib/base.mjs";
import { Client } from "../../scripts/lib/client.mjs";
import { PASSPHRASE, setUp } from "../../scripts/lib/demo.mjs";
import { template } from "../../scripts/lib/template.mjs";

export { expect } from "@playwright/test";
export { PASSPHRASE };

/** Roster files as an office has them. */
export const roster = {
  staff: at("tests", "data", "middle-school-staff.csv"),
  students: at("tests", "data", "middle-school-students.csv"),
  dirty: at("tests", "data", "students-dirty-gb18030.csv"),
};

/** Starts the Worker on a state folder; `vars` such as CLOCK_OFFSET_MS. */
async function serve(state, port, vars = {}) {
  const args = [at("scripts", "serve.mjs"), "--state", state, "--port", String(port)];
  for (const [name, value] of Object.entries(vars)) args.push("--var", `${name}=${value}`);
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ready = await new Promise((found, failed) => {
    createInterface({ input: child.stdout }).once("line", found);
    child.once("close", (code) => failed(new Error(`serve.mjs ended with ${code}`)));
  });
  const { origin, setup_key: setupKey } = JSON.parse(ready);
  const stop = async () => {
    const closed = new Promise((end) => child.once("close", end));
    child.stdin.end();
    await closed;
  };
  return { origin, setupKey, stop };
}

async function run(name) {
  const state = mkdtempSync(join(tmpdir(), "xiaoxun-browser-"));
  cpSync(await template(name), state, { recursive: true });
  let server = await serve(state, 0);
  const { origin, setupKey } = server;
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
    /** A notice to 七年级1班's parents, written by T0018, approved by T0015 and sent; its path. */
    async sent(notice) {
      const teacher = await this.signedIn("T0018");
      const own = (await teacher.get("/api/classes")).find((one) => one.name === "七年级1班");
      const draft = { audience: { kind: "classes", classes: [own.id] }, category: "event", send_at: null, reasons: {}, ...notice };
      const { id } = await teacher.post("/api/messages", draft);
      const { digest } = await teacher.post(`/api/messages/${id}/submit`, { statement: true });
      const head = await this.signedIn("T0015");
      await head.post(`/api/messages/${id}/decisions`, { verdict: "approve", digest, reason: "" });
      await expect.poll(async () => (await this.sms()).length, { timeout: 30_000 }).toBeGreaterThan(0);
      return `/messages/${id}`;
    },
    /** `POST /api/setup`: the two administrators' slips (empty school only). */
    setUp: () => setUp(origin, setupKey),
    /** Every SMS that has reached a parents' phone. */
    async sms() {
      const all = [];
      for (let after = 0; ; ) {
        const { messages, next } = await (await fetch(`${origin}/sandbox/api/messages?after=${after}&limit=1000`)).json();
        if (messages.length === 0) return all;
        all.push(...messages);
        after = next;
      }
    },
    /** Fires cron once, as Cloudflare does each minute. */
    async cron(time = Date.now()) {
      const answer = await fetch(`${origin}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${time}`);
      if (!answer.ok) throw new Error(`cron: ${answer.status}`);
    },
    /** The same deployment some minutes later: its clock is put forward, cron is fired. */
    async later(minutes) {
      await server.stop();
      server = await serve(state, new URL(origin).port, { CLOCK_OFFSET_MS: minutes * 60_000 });
      await this.cron();
    },
    async stop() {
      await server.stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

const school = (name) => [
  async ({}, use) => {
    const app = await run(name);
    try {
      await use(app);
    } finally {
      await app.stop();
    }
  },
  { timeout: 90_000 },
];

/** What browsers say where a story has the Worker refuse, or stop for a moment. */
const EXPECTED = /^Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_CONNECTION_)/;

/** Hears every complaint of a browser: console errors, exceptions, breaches of the content policy. */
async function listen(context, complaints) {
  context.on("console", (message) => {
    if (message.type() === "error" && !EXPECTED.test(message.text())) {
      complaints.push(`${message.page()?.url() ?? ""}: ${message.text()}`);
    }
  });
  context.on("weberror", (error) => complaints.push(`${error.page()?.url() ?? ""}: ${error.error()}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
}

export const test = base.extend({
  demo: school("demo"),
  empty: school("empty"),
  university: school("university"),
  /** `await visitor({ javaScriptEnabled: false })`: a person with a browser of the own. */
  visitor: async ({ browser }, use) => {
    const [contexts, complaints] = [[], []];
    await use(async (options) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      await listen(context, complaints);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
    expect(complaints, "what browsers complained of").toEqual([]);
  },
});

/** Nothing on the page is wider than the screen. */
export async function noSideways(page) {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(excess, `pixels beyond the right edge of ${page.url()}`).toBeLessThanOrEqual(0);
}

const steps = new WeakMap();

/** A screenshot in tests/browser/shots (not in git) by size, story and step; every step fits the screen. */
export async function shot(page, name) {
  const info = test.info();
  const n = (steps.get(info) ?? 0) + 1;
  steps.set(info, n);
  const story = info.titlePath.at(-1).replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40);
  const folder = at("tests", "browser", "shots", info.project.name);
  mkdirSync(folder, { recursive: true });
  await noSideways(page);
  await page.evaluate(() => scrollTo(0, 0));
  const path = join(folder, `${story}-${String(n).padStart(2, "0")}-${name}.png`);
  await page.screenshot({ path, fullPage: true, scale: "css", animations: "disabled" });
}

/** The students' file, read by nobody's code but this: what the product counts is held against it. */
export function families() {
  const [head, ...lines] = readFileSync(roster.students, "utf8").replace("\uFEFF", "").trim().split(/\r?\n/);
  const columns = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const of = (column) => cells[columns.indexOf(column)];
    const guardians = [1, 2]
      .map((n) => ({ name: of(`监护人${n}姓名`), relation: of(`监护人${n}关系`), phone: of(`监护人${n}手机`) }))
      .filter((guardian) => guardian.phone);
    return { name: of("姓名"), className: of("年级") + of("班级"), guardians };
  });
}

/** How many receiving numbers some families have together. */
export const phones = (some) => new Set(some.flatMap((family) => family.guardians.map((guardian) => guardian.phone))).size;
