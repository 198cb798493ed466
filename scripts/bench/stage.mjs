// What the parts of the bench stand on: a running school of some size, signed-in
// people, messages that wait for their last decision, a view into its database.
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at, root, say } from "../lib/base.mjs";
import { Client } from "../lib/client.mjs";
import { PASSPHRASE, loadDemo } from "../lib/demo.mjs";
import { freePort, serve } from "../lib/server.mjs";
import { State } from "../lib/state.mjs";
import { syntheticSchool } from "../lib/synthetic.mjs";
import { templates } from "../lib/template.mjs";

/** Guardians of the demo school. */
export const DEMO = 1756;

export class Stage {
  constructor(runs) {
    this.runs = runs;
    this.folder = mkdtempSync(join(tmpdir(), "xiaoxun-bench-"));
    this.copies = 0;
  }

  async end() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Goes on with a school of this many guardians. */
  async school(size) {
    await this.stop();
    this.current = this.all = undefined;
    this.size = size;
    this.label = size.toLocaleString("en");
    say(`\n▸ ${this.label} guardians`);
    const folder = await templates();
    this.template = join(folder, size === DEMO ? "demo" : `large-${size}`);
    if (!existsSync(this.template)) await this.load();
  }

  /** A large school, loaded once per build. */
  async load() {
    say(`▸ Loading an invented school of ${this.label} guardians (usually ${Math.ceil(this.size / 20_000)} min)`);
    const files = syntheticSchool(this.size);
    const making = `${this.template}.${process.pid}`;
    try {
      const server = await this.run(making, {});
      await loadDemo(server.origin, new State(making).secrets().SETUP_KEY, (done) => say(`  ✓ ${done}`), { files });
      await server.stop();
      renameSync(making, this.template);
    } finally {
      rmSync(files.folder, { recursive: true, force: true });
      rmSync(making, { recursive: true, force: true });
    }
  }

  /** A fresh copy of a folder, by default of the school as it was loaded. */
  copy(of = this.template) {
    const state = join(this.folder, `state-${++this.copies}`);
    cpSync(of, state, { recursive: true });
    return state;
  }

  /** Runs a state folder; `instead` is another Worker for it. */
  async run(folder, vars = {}, instead) {
    const state = new State(folder);
    const port = await freePort();
    const config = state.configure({ origin: `http://127.0.0.1:${port}`, vars });
    state.migrate(config);
    return serve({ state, config, port, instead });
  }

  /** Runs a state folder with one of tests/load's wrappers around the Worker. */
  wrapped(folder, name, vars, imports = true) {
    return this.run(folder, vars, { main: at("tests", "load", name), root, imports });
  }

  async stop() {
    await this.server?.stop();
    this.server = undefined;
  }

  /** Starts on a folder, by default a fresh copy. */
  async start(vars = {}, folder = undefined) {
    await this.stop();
    if (!folder) this.all = undefined;
    const on = folder ?? this.copy();
    this.use(await this.run(on, vars), on);
  }

  /** Goes on with a server that runs on a folder. */
  use(server, folder) {
    this.server = server;
    this.current = folder;
    this.signed = new Map();
  }

  async as(number) {
    if (!this.signed.has(number)) {
      const client = new Client(this.server.origin);
      await client.signIn(number, PASSPHRASE);
      this.signed.set(number, client);
    }
    return this.signed.get(number);
  }

  draft(audience = { kind: "all_guardians" }) {
    return {
      audience,
      category: "event",
      title: "秋季运动会安排",
      body: "各位家长：\n\n本周五举行秋季运动会，请让孩子穿运动鞋，早上 7:40 到校。雨天顺延，另行通知。",
    };
  }

  /** A message that waits for its last decision; gives what sends that decision. */
  async nearly(audience, deciders) {
    const clerk = await this.as("T0004");
    const { id } = await clerk.post("/api/messages", this.draft(audience));
    const view = await clerk.post(`/api/messages/${id}/submit`, { statement: true });
    // The last decision over many phones asks for the password again; in all, so that they compare.
    const order = { verdict: "approve", digest: view.digest, password: PASSPHRASE };
    let before = 0;
    for (const number of deciders.slice(0, -1)) {
      const client = await this.as(number);
      const started = performance.now();
      await client.post(`/api/messages/${id}/decisions`, order);
      before = performance.now() - started;
    }
    const last = await this.as(deciders.at(-1));
    return { id, before, order, decide: () => last.post(`/api/messages/${id}/decisions`, order) };
  }

  /** To all parents: the director reviews, the principal approves. */
  nearlyAll = () => this.nearly(undefined, ["T0003", "T0001"]);

  /** To 八年级1班, approved by the head of the grade. */
  async nearlyClass() {
    const classes = await (await this.as("T0004")).get("/api/classes");
    const one = classes.find((c) => c.name === "八年级1班");
    return this.nearly({ kind: "classes", classes: [one.id] }, ["T0016"]);
  }

  /** A running school that has sent to all: `all` is that message. */
  async sent() {
    if (this.server && this.all) return;
    await this.start();
    const { id, decide } = await this.nearlyAll();
    await decide();
    await this.settled(id);
  }

  async usage(reset = false) {
    const path = `${this.server.origin}/sandbox/api/usage`;
    return (await fetch(path, { method: reset ? "DELETE" : "GET", headers: { "sec-fetch-site": "same-origin" } })).json();
  }

  /** Asks the funnel until it says so. */
  async until(id, done, within = 120_000) {
    const clerk = await this.as("T0004");
    const deadline = Date.now() + within;
    for (;;) {
      const funnel = await clerk.get(`/api/messages/${id}/funnel`);
      if (done(funnel)) return funnel;
      if (Date.now() > deadline) throw new Error(`message ${id} does not get there: ${JSON.stringify(funnel)}`);
      await new Promise((soon) => setTimeout(soon, 20));
    }
  }

  /** Nothing waits: each phone's SMS is with the provider. Lost answers are asked about after a minute and not waited for. */
  accepted = (id, within) => this.until(id, (f) => f.phones > 0 && f.waiting === 0, within);

  /** Almost all are delivered; cron fetches the receipts. `all` is this message from now on. */
  async settled(id, within = 120_000) {
    await this.accepted(id);
    const deadline = Date.now() + within;
    for (;;) {
      await this.server.cron();
      const funnel = await this.until(id, () => true);
      if (funnel.accepted + funnel.unknown < 200) break;
      if (Date.now() > deadline) throw new Error(`message ${id} is not delivered: ${JSON.stringify(funnel)}`);
    }
    this.all = id;
  }

  /** What a request cost, as the demo's X-D1 header tells: trips, read, written. */
  async cost(client, method, path, body) {
    const answer = await fetch(this.server.origin + path, {
      method,
      headers: {
        cookie: client.cookie,
        "content-type": "application/json",
        origin: this.server.origin,
        "sec-fetch-site": "same-origin",
        ...(method === "POST" && { "idempotency-key": crypto.randomUUID() }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    const figures = answer.headers.get("x-d1").split(";").map((part) => part.trim().split("="));
    return { ...Object.fromEntries(figures.map(([name, value]) => [name, Number(value)])), answer: text ? JSON.parse(text) : undefined };
  }

  /** Paths of parents' links that have reached phones. */
  async links(count) {
    const answer = await fetch(`${this.server.origin}/sandbox/api/messages?after=0&limit=${count}`);
    return (await answer.json()).messages.map((m) => m.text.match(/\/m\/[A-Za-z0-9_-]{32}/)[0]);
  }

  /** The school's database of a folder that nobody runs. */
  async database(folder) {
    // Named here, so that only who needs it is told that it is new in Node.
    const { DatabaseSync } = await import("node:sqlite");
    return new DatabaseSync(new State(folder).databases().d1);
  }

  /** What tests/load/recorder.js told of a folder: trips to D1 in their order, `{at, calls: [{text, values, …}]}`. */
  recorded(folder) {
    const [sql, calls] = [new Map(), []];
    for (const line of readFileSync(join(folder, "log.txt"), "utf8").split("\n")) {
      const [, at, what, json] = line.match(/^(\S+) \S+ (SQL|D1) (\{.*)$/) ?? [];
      if (!what) continue;
      const told = JSON.parse(json);
      if (what === "SQL") sql.set(told.number, told.sql);
      else calls.push({ ...told, at: Date.parse(at) });
    }
    for (const { calls: list } of calls) for (const call of list) call.text = sql.get(call.sql);
    return calls;
  }
}
