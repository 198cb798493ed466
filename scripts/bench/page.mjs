// The parents' page: its size and cost, its speed against the same page written
// by hand in JavaScript and in Hono with JSX, and where its time goes.
import { mkdirSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { at } from "../lib/base.mjs";
import { judge, median, note } from "./table.mjs";

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function hit(origin, path) {
  return new Promise((done, failed) => {
    const url = new URL(path, origin);
    const call = request(url, { agent, headers: { "accept-language": "zh" } }, (answer) => {
      answer.resume();
      answer.on("end", () => done(answer.statusCode));
    });
    call.on("error", failed);
    call.end();
  });
}

/** Requests of a run: more than a second of work. */
const REQUESTS = 1200;

/** Requests per second over eight connections. */
async function rate(origin, paths) {
  const started = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < REQUESTS) {
      const status = await hit(origin, paths[next++ % paths.length]);
      if (status !== 200) throw new Error(`${status} for a parent's page`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return REQUESTS / ((performance.now() - started) / 1000);
}

const get = (origin, path) => fetch(origin + path, { headers: { "accept-language": "zh" } });

/** What a link's token names: `version, message (24 bits), round (2), phone (30), tag`. */
function named(path) {
  const packed = BigInt(`0x${Buffer.from(path.slice(3), "base64url").subarray(1, 8).toString("hex")}`);
  return { message: Number(packed >> 32n), round: Number((packed >> 30n) & 3n), phone: Number(packed & ((1n << 30n) - 1n)) };
}

/** A bound value as a role that the twins fill in for each request. */
function role(value, id, now) {
  if (value === id.phone) return { name: "phone" };
  if (value === String(id.phone)) return { name: "phone_text" };
  if (value === id.message) return { name: "message" };
  if (value === id.round) return { name: "round" };
  // A moment: so many minutes from now.
  if (typeof value === "number" && value > 1e12) return { after: Math.round((value - now) / 60_000) * 60_000 };
  return { fixed: value };
}

/** The statements with which the Worker reads a page and leaves its hint. */
async function statements(stage, folder, paths) {
  const copy = stage.copy(folder);
  // Three numbers that cannot be taken for one another.
  const path = paths.find((p) => new Set(Object.values(named(p))).size === 3 && named(p).phone > 9);
  const server = await stage.wrapped(copy, "recorder.js", {});
  let now;
  try {
    await (await get(server.origin, "/api/health")).text();
    now = Date.now();
    await (await get(server.origin, path)).text();
    // The hint is left behind the answer.
    const left = () => stage.recorded(copy).some(({ calls }) => calls.some((call) => /\bopened\b/.test(call.text)));
    for (const end = Date.now() + 5000; !left() && Date.now() < end; ) await new Promise((soon) => setTimeout(soon, 20));
  } finally {
    await server.stop();
  }
  const id = named(path);
  const calls = stage.recorded(copy).filter(({ calls: list }) => list.some((call) => call.values?.includes(id.phone) || call.values?.includes(String(id.phone))));
  const all = calls.flatMap(({ calls: list }) => list);
  const of = (list) => list.map(({ text, values }) => ({ sql: text, values: values.map((value) => role(value, id, now)) }));
  const hint = all.filter((call) => /\bopened\b/.test(call.text) && /^\s*(INSERT|UPDATE)/.test(call.text));
  const page = calls[0].calls.filter((call) => !hint.includes(call));
  if (page.length === 0 || hint.length === 0) throw new Error("the Worker's statements for a page and its hint were not seen");
  return { page: of(page), hint: of(hint) };
}

/** A twin as one file. */
async function bundle(stage, name) {
  const outfile = join(stage.folder, "twins", `${name.replace(/\.jsx?$/, "")}.js`);
  mkdirSync(join(stage.folder, "twins"), { recursive: true });
  await esbuild.build({
    entryPoints: [at("tests", "load", name)],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:*"],
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    logLevel: "warning",
  });
  return outfile;
}

export async function page(stage) {
  await stage.sent();
  const { server } = stage;
  const paths = await stage.links(400);
  const rust = await get(server.origin, paths[0]);
  const html = await rust.text();
  const head = [...rust.headers].map(([n, v]) => n.length + v.length + 4).reduce((a, b) => a + b, 20);
  judge("Parents' page, bytes in all, uncompressed", stage.label, (Buffer.byteLength(html) + head) / 1000, 14, "KB");
  judge("Parents' page, D1 round trips", stage.label, Number(rust.headers.get("x-d1").match(/trips=(\d+)/)[1]), 1);
  judge("Parents' page, further requests", stage.label, (html.match(/(\ssrc=|<link[^>]*\shref=|url\()(?!["']?(data:|#))/g) ?? []).length, 0);

  await stage.usage(true);
  for (const path of paths.slice(0, 50)) {
    await (await get(server.origin, path)).text();
    await (await fetch(server.origin + path, { method: "POST", redirect: "manual", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "action=confirm" })).text();
  }
  // The last hint may still be on its way behind its answer.
  const { rows_written: confirmed } = await stage.usage();
  judge("Rows written per recipient, with confirmation", stage.label, (stage.written ?? 0) + confirmed / 50, 8);

  await stage.stop();
  const folder = stage.current;
  const heard = await statements(stage, folder, paths);
  const csp = rust.headers.get("content-security-policy");
  const bindings = {
    STATEMENTS: JSON.stringify(heard),
    STYLE: html.match(/<style>([\s\S]*?)<\/style>/)[1],
    HEADERS: JSON.stringify({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex, nofollow",
      "strict-transport-security": "max-age=31536000; includeSubDomains",
      "content-security-policy": csp,
    }),
  };
  const twin = async (name) => stage.run(stage.copy(folder), {}, { main: await bundle(stage, name), bindings });
  const servers = {
    rust: await stage.run(folder),
    javascript: await twin("link-worker.js"),
    hono: await twin("hono-worker.jsx"),
  };
  try {
    await compare(stage, servers, paths);
    await split(servers.rust, paths);
  } finally {
    for (const one of Object.values(servers)) await one.stop();
  }
  await crossings(stage, folder, paths);
  await stage.start({}, folder);
}

/** The three in turns; each time another one begins. */
async function compare(stage, servers, paths) {
  const names = Object.keys(servers);
  const bytes = {};
  for (const name of names) bytes[name] = Buffer.byteLength(await (await get(servers[name].origin, paths[60])).text());
  note(`bytes of the same page: ${names.map((name) => `${name} ${bytes[name]}`).join(", ")}`);
  const far = names.find((name) => Math.abs(bytes[name] / bytes.rust - 1) > 0.03);
  if (far) throw new Error(`tests/load's twin ${far} shows another page than the Worker: ${JSON.stringify(bytes)}`);
  const rates = Object.fromEntries(names.map((name) => [name, []]));
  // The first run of each compiles and warms up, and is not counted.
  for (let run = -1; run < stage.runs; run++) {
    const turn = (run + names.length) % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      const figure = await rate(servers[name].origin, paths);
      if (run >= 0) rates[name].push(figure);
    }
  }
  const of = (name) => median(rates.rust.map((figure, n) => figure / rates[name][n]));
  judge("GET /m/{token} per second, of JavaScript's", stage.label, of("javascript"), 0.95, "", true);
  judge("GET /m/{token} per second, of Hono's with JSX", stage.label, of("hono"), 1, "", true);
  note(`per second: ${names.map((name) => `${name} ${median(rates[name]).toFixed(0)}`).join(", ")}`);
}

/** Where the time of one page goes, by leaving parts of the way out. */
async function split(server, paths) {
  const one = async (of) => {
    const times = [];
    for (let n = 0; n < 300; n++) {
      const started = performance.now();
      await hit(server.origin, of[n % of.length]);
      times.push(performance.now() - started);
    }
    return median(times);
  };
  // A clock inside workerd stands still while code runs: differences it is.
  const route = await one(["/api/health"]);
  const wrong = await one(paths.map((p) => `${p.slice(0, -1)}${p.endsWith("A") ? "B" : "A"}`));
  const whole = await one(paths);
  note(`one at a time: route ${route.toFixed(2)} ms, + tag and 404 page ${(wrong - route).toFixed(2)} ms, + D1, decode and render ${(whole - wrong).toFixed(2)} ms = ${whole.toFixed(2)} ms`);
}

/** How often JavaScript and wasm call each other for one page. */
async function crossings(stage, folder, paths) {
  const server = await stage.wrapped(stage.copy(folder), "crossings-worker.js", {}, [at("tests", "load", "crossings.js")]);
  const count = async () => (await fetch(`${server.origin}/sandbox/crossings`)).json();
  try {
    for (const path of paths.slice(0, 20)) await hit(server.origin, path);
    await count();
    const pages = paths.slice(100, 200);
    for (const path of pages) await hit(server.origin, path);
    const { in: into, out, names } = await count();
    const each = (n) => (n / pages.length).toFixed(1);
    note(`crossings between wasm and JavaScript, one page: ${each(into + out)} (${each(into)} in, ${each(out)} out)`);
    note(`most: ${names.slice(0, 12).map(([name, n]) => `${name} ${each(n)}`).join(", ")}`);
  } finally {
    await server.stop();
  }
}
