// Builds the Worker and the staff app, each only when what it is made of changed.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { at, hash, step, t } from "./base.mjs";
import { staff, worker } from "./compile.mjs";
import { toolchain, wasmTool } from "./tools.mjs";

const scripts = (...names) => [...names, "lib/compile.mjs", "lib/wasm.mjs"].map((name) => at("scripts", name));
const common = [
  at("Cargo.toml"),
  at("Cargo.lock"),
  at("package-lock.json"),
  at("domain", "Cargo.toml"),
  at("domain", "src"),
  at("scripts", "tools", "Cargo.lock"),
  at("scripts", "tools", "src"),
];

/** The two products: what they are made of, what stands when they are made, how. */
const products = () => [
  {
    name: "worker",
    inputs: hash([...common, at("worker", "Cargo.toml"), at("worker", "build.rs"), at("worker", "src"), at("frontend", "parent"), ...scripts("build-worker.mjs", "worker-shim.js")]),
    output: at("worker", "build", "index.js"),
    compile: {
      title: t("编译 Worker（Rust → wasm）", "Compiling the Worker (Rust → wasm)"),
      usual: t("首次 2–4 分钟，之后 1 分钟", "2–4 min the first time, 1 min later"),
      ...worker,
    },
    assemble: {
      title: t("组装 Worker", "Assembling the Worker"),
      usual: "40 s",
      args: [at("scripts", "build-worker.mjs")],
    },
  },
  {
    name: "app",
    inputs: hash([...common, at("frontend", "ui"), at("frontend", "staff"), ...scripts("build-frontend.mjs")]),
    output: at("build", "assets", "index.html"),
    compile: {
      title: t("编译教职工端网页（Leptos → wasm）", "Compiling the staff app (Leptos → wasm)"),
      usual: t("首次 2–4 分钟，之后 1 分钟", "2–4 min the first time, 1 min later"),
      ...staff,
    },
    assemble: {
      title: t("组装教职工端网页", "Assembling the staff app"),
      usual: "20 s",
      args: [at("scripts", "build-frontend.mjs")],
    },
  },
];

/** Whether it stands, made of the same inputs; else forgets that it once did. */
function stands({ name, inputs, output }) {
  const stamp = at("build", "stamps", name);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === inputs) return true;
  rmSync(stamp, { force: true });
  return false;
}

/**
 * Builds what changed. The tool and both products compile side by side: each
 * has long stretches in which a single core is busy.
 */
export async function build() {
  const changed = products().filter((product) => !stands(product));
  if (changed.length === 0) return;
  await toolchain();
  const tool = wasmTool();
  const one = async ({ name, inputs, compile, assemble }) => {
    await step({ ...compile, command: "cargo", count: /Compiling /g, unit: "crates" });
    await step({ ...assemble, command: process.execPath, env: { XIAOXUN_WASM_TOOL: await tool } });
    const stamp = at("build", "stamps", name);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, inputs);
  };
  await Promise.all([tool, ...changed.map(one)]);
  // The document of the API is a file of the app's, and made of the Worker.
  mkdirSync(at("build", "assets", "api"), { recursive: true });
  copyFileSync(at("worker", "build", "openapi.json"), at("build", "assets", "api", "openapi.json"));
}
