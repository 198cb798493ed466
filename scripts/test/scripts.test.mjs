// What the build itself promises: tools that fit the product, an app whose
// later parts can be fetched, a Worker that goes on after a panic.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as esbuild from "esbuild";
import { withNames } from "../build-frontend.mjs";
import { at } from "../lib/base.mjs";
import { State } from "../lib/state.mjs";
import { SHIM, disagreement, lockedIn } from "../lib/tools.mjs";
import { ownNames } from "../lib/wasm.mjs";

const lock = (versions) => Object.entries(versions).map(([name, version]) => `[[package]]\nname = "${name}"\nversion = "${version}"\n`).join("\n");
const product = { "wasm-bindgen": "0.2.130", wasm_split_helpers: "0.2.3", worker: SHIM };
const tools = { "wasm-bindgen-cli-support": "0.2.130", wasm_split_cli_support: "0.2.4" };

test("a tool of another version than the product's library is refused in a sentence", () => {
  const said = (ours, theirs) => disagreement(lock({ ...product, ...ours }), lock({ ...tools, ...theirs }));
  assert.equal(said(), undefined);
  assert.match(said({ "wasm-bindgen": "0.2.131" }), /wasm-bindgen.*0\.2\.131.*scripts\/tools\/Cargo\.toml/);
  assert.match(said({ wasm_split_helpers: "0.3.0" }), /wasm_split_helpers.*0\.3\.0.*wasm_split_cli_support.*0\.2\.4/);
  assert.match(said({}, { wasm_split_cli_support: "0.3.1" }), /wasm_split_cli_support.*0\.3\.1/);
  assert.match(said({ worker: "0.8.99" }), /worker.*0\.8\.99.*scripts\/worker-shim\.js/);
  assert.match(disagreement(lock(product), ""), /—/);
});

test("the Worker keeps the names of its own functions, without their hashes", () => {
  const section = (id, ...bytes) => [id, bytes.length, ...bytes];
  const named = (name) => [name.length, ...Buffer.from(name)];
  const names = (...entries) => section(0, ...named("name"), ...section(1, entries.length, ...entries.flatMap((name) => [0, ...named(name)])));
  const module = (...entries) =>
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, 1, 0x60, 0, 0), ...section(3, 1, 0), ...section(10, 1, 2, 0, 0x0b), ...names(...entries)]);
  assert.deepEqual(ownNames(module("domain::send::h0123456789abcdef")), module("domain::send"));
  assert.deepEqual(ownNames(module("<domain::sms::Hash as A>::h")), module("<domain::sms::Hash as A>::h"));
  assert.deepEqual(ownNames(module("serde_json::read::h0123456789abcdef")), module());
  assert.ok(WebAssembly.validate(ownNames(module("domain::send::h0123456789abcdef"))));
});

test("a state folder is its owner's alone, whatever stood in it before", () => {
  const mode = (path) => statSync(path).mode & 0o777;
  const folder = mkdtempSync(join(tmpdir(), "xiaoxun-state-"));
  try {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "data", "v3"), { recursive: true });
    writeFileSync(join(folder, "data", "v3", "d1.sqlite"), "", { mode: 0o644 });
    writeFileSync(join(folder, "run.json"), "{}", { mode: 0o644 });
    new State(folder);
    assert.equal(mode(folder), 0o755, "a folder that is none of ours");
    writeFileSync(join(folder, "secrets.json"), "{}", { mode: 0o644 });
    const state = new State(folder);
    state.secrets();
    state.write("migrations.json", {});
    for (const open of ["", "data", "data/v3"]) assert.equal(mode(state.path(open)), 0o700, open);
    for (const file of ["secrets.json", "migrations.json", "run.json", "data/v3/d1.sqlite"]) assert.equal(mode(state.path(file)), 0o600, file);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the locks of this checkout go together", () => {
  const read = (...path) => readFileSync(at(...path), "utf8");
  assert.equal(disagreement(read("Cargo.lock"), read("scripts", "tools", "Cargo.lock")), undefined);
  assert.ok(lockedIn(read("Cargo.lock"), "leptos"));
});

test("the loader gets the names of all parts, or the build fails", () => {
  const loader = (...parts) => `import { initSync } from "./app.js";\n${parts.map((part) => `fetch(new URL("./${part}.wasm", import.meta.url));`).join("\n")}`;
  const named = withNames(loader("one", "two"), [["one.wasm", "/part-one-0.wasm"], ["two.wasm", "/part-two-0.wasm"]]);
  assert.match(named, /fetch\("\/part-one-0\.wasm"\)/);
  assert.match(named, /fetch\("\/part-two-0\.wasm"\)/);
  assert.doesNotMatch(named, /import\.meta/);
  assert.throws(() => withNames(loader("one"), [["two.wasm", "/part-two-0.wasm"]]), /does not load two\.wasm/);
  assert.throws(() => withNames(loader("one", "two"), [["one.wasm", "/part-one-0.wasm"]]), /still names a file of the build: .*two\.wasm/);
  assert.throws(() => withNames(`import("./one.wasm")`, [["one.wasm", "/part-one-0.wasm"]]), /does not load one\.wasm/);
});

/** The shim around a pretended wasm module, which tells what it is asked. */
async function shim() {
  const wasm = `
    export const state = { criticalError: false, instanceId: 1 };
    export const told = [];
    export const __worker_init_state = () => state;
    export const __wbg_reset_state = () => told.push("reset");
    const handler = (name) => (event, env, ctx) => {
      told.push([name, event, env, ctx].join());
      if (event === "panic") throw new WebAssembly.RuntimeError("unreachable");
      if (event === "error") throw new Error("no panic");
      return Promise.resolve(name);
    };
    export const [fetch, queue, scheduled] = ["fetch", "queue", "scheduled"].map(handler);
    export class Sequencer {
      constructor(context, env) { told.push(["new", context, env].join()); }
      fetch(request) { return handler("object")(request); }
      async alarm() { return "alarm"; }
    }`;
  const stubs = {
    name: "stubs",
    setup(build) {
      build.onResolve({ filter: /^(cloudflare:workers|\.\/index\.js)$/ }, ({ path }) => ({ path, namespace: "stub" }));
      build.onLoad({ filter: /.*/, namespace: "stub" }, ({ path }) => ({
        contents: path === "./index.js" ? wasm : "export class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }",
      }));
    },
  };
  const source = `import Entry, { Sequencer } from ${JSON.stringify(at("scripts", "worker-shim.js"))}; import { state, told } from "./index.js"; export { Entry, Sequencer, state, told };`;
  const { outputFiles } = await esbuild.build({ stdin: { contents: source, resolveDir: at() }, bundle: true, format: "esm", write: false, plugins: [stubs] });
  globalThis.addEventListener = (_, heard) => (globalThis.uncaught = heard);
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

test("the shim hands on every event, and begins anew after a panic", async () => {
  const { Entry, Sequencer, state, told } = await shim();
  const quiet = [console.log, console.error];
  console.log = console.error = () => {};
  try {
    const entry = new Entry("ctx", "env");
    assert.equal(await entry.fetch("a"), "fetch");
    assert.equal(await entry.queue("b"), "queue");
    assert.equal(await entry.scheduled("c"), "scheduled");
    assert.deepEqual(told.splice(0), ["fetch,a,env,ctx", "queue,b,env,ctx", "scheduled,c,env,ctx"]);

    const object = new Sequencer("state", "env");
    assert.equal(await object.fetch("d"), "object");
    assert.equal(await object.alarm(), "alarm");
    assert.throws(() => entry.fetch("error"), /no panic/);
    assert.equal(await object.fetch("e"), "object");
    assert.doesNotMatch(told.splice(0).join("|"), /reset/);

    assert.throws(() => entry.fetch("panic"), WebAssembly.RuntimeError);
    assert.equal(state.criticalError, true);
    assert.equal(await object.fetch("f"), "object");
    assert.deepEqual(told.splice(0), ["fetch,panic,env,ctx", "reset", "new,state,env", "object,f,,"]);
    assert.equal(state.criticalError, false);

    // Behind an await: only the platform hears of it.
    globalThis.uncaught({ error: new WebAssembly.RuntimeError("unreachable") });
    await entry.fetch("g");
    await assert.rejects(object.fetch("panic"), WebAssembly.RuntimeError);
    assert.deepEqual(told.splice(0), ["reset", "fetch,g,env,ctx", "new,state,env", "object,panic,,"]);
    await entry.fetch("h");
    assert.deepEqual(told.splice(0), ["reset", "fetch,h,env,ctx"]);
  } finally {
    [console.log, console.error] = quiet;
  }
});

// What the runtime decodes and normalises in the Worker's stead is what the libraries do natively: the same
// examples stand in worker/src/platform/text.rs.
const { gb18030, nfkc } = await import(at("worker", "src", "platform", "glue.js"));

test("a roster in GB18030 is read, and what is none is refused", () => {
  assert.equal(gb18030(Uint8Array.of(0xd6, 0xd0, 0xce, 0xc4, 0x95, 0x32, 0x82, 0x36)), "中文𠀀");
  assert.match(gb18030(readFileSync(at("tests", "data", "students-dirty-gb18030.csv"))), /学号.*姓名/);
  for (const broken of [[0xd6, 0xff, 0x41], [0x41, 0xd6], [0xff]]) assert.throws(() => gb18030(Uint8Array.from(broken)));
});

test("one text on all keyboards", () => {
  for (const [typed, one] of [["Ｔ００１８", "T0018"], ["e\u0301", "é"], ["㎏ ﬁ", "kg fi"], ["中文 abc", "中文 abc"]]) assert.equal(nfkc(typed), one);
});
