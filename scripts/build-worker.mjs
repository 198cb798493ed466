// Builds the Worker into worker/build: index.js and index_bg.wasm, and
// openapi.json, which goes up beside it. It is what worker-build does, in the
// order in which it does it.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { parse } from "smol-toml";
import { Stop, ask, at, main, run } from "./lib/base.mjs";
import { worker } from "./lib/compile.mjs";
import { wasmTool } from "./lib/tools.mjs";
import { optimise, ownNames } from "./lib/wasm.mjs";

/** What the shim hands on; a new kind of event has to be written there. */
const EVENTS = ["fetch", "queue", "scheduled"];
/** The shim's own business with wasm-bindgen and the `worker` crate. */
const INNER = ["__wbg_reset_state", "__worker_init_state"];

/** Fails where the Worker exports what the shim does not know. */
function sameEvents(glue) {
  const exported = [...glue.matchAll(/^export (?:async )?function (\w+)/gm)].map((found) => found[1]).sort();
  const known = [...EVENTS, ...INNER].sort();
  if (exported.join() !== known.join()) {
    throw new Stop(`scripts/worker-shim.js knows ${known.join(", ")}; the Worker exports ${exported.join(", ")}`);
  }
}

/** Fails where a Durable Object of wrangler.toml is not in the shim. */
function sameObjects(exported) {
  const { durable_objects: { bindings } } = parse(readFileSync(at("wrangler.toml"), "utf8"));
  const missing = bindings.map((binding) => binding.class_name).filter((name) => !exported.includes(name));
  if (missing.length) throw new Stop(`wrangler.toml names ${missing.join(", ")}, which scripts/worker-shim.js does not export`);
}

/** The document that the Worker's build script has made: cargo, with nothing left to compile, says where. */
function openapi() {
  const told = (ask("cargo", [...worker.args, "--message-format=json"]) ?? "").split("\n").filter((line) => line.includes('"build-script-executed"'));
  const own = told.map((line) => JSON.parse(line)).find(({ package_id }) => /worker_app|\/worker[#@]/.test(package_id));
  if (!own) throw new Stop("cargo does not say where the Worker's build script has written");
  return join(own.out_dir, "openapi.json");
}

await main(async () => {
  const tool = await wasmTool();
  await run("cargo", worker.args, { env: worker.env });
  const work = mkdtempSync(join(tmpdir(), "xiaoxun-worker-"));
  try {
    await run(tool, ["bindgen", "worker", worker.wasm(), work, "index"]);
    const optimised = optimise(join(work, "index_bg.wasm"), ["-O", "--debuginfo", "--enable-exception-handling"]).then(ownNames);

    const glue = readFileSync(join(work, "index.js"), "utf8");
    sameEvents(glue);
    // Source phase imports are not what the platform gives for a wasm file today: an import of it is the module.
    const plain = glue.replace("import source wasmModule from ", "import wasmModule from ");
    if (plain === glue) throw new Stop("wasm-bindgen writes its import of the wasm file in another way: see scripts/build-worker.mjs");
    writeFileSync(join(work, "index.js"), plain);
    const { outputFiles, metafile } = await esbuild.build({
      stdin: { contents: readFileSync(at("scripts", "worker-shim.js"), "utf8"), resolveDir: work, sourcefile: "shim.js" },
      absWorkingDir: work,
      external: ["./index_bg.wasm", "cloudflare:*"],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      outfile: "out.js",
      write: false,
      metafile: true,
      logLevel: "warning",
      // wasm-bindgen names the glue once for each function that it takes from it.
      logOverride: { "duplicate-object-key": "silent" },
    });
    sameObjects(Object.values(metafile.outputs)[0].exports);

    // A folder of its own that replaces the old one at once: a server that starts never sees half a Worker.
    const out = at("worker", "build");
    const fresh = `${out}.${process.pid}`;
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, "index.js"), outputFiles[0].contents);
    writeFileSync(join(fresh, "index_bg.wasm"), await optimised);
    copyFileSync(openapi(), join(fresh, "openapi.json"));
    rmSync(out, { recursive: true, force: true });
    renameSync(fresh, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
