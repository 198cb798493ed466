// What a build needs beside cargo and npm: the wasm target, and one binary of
// scripts/tools, which writes the JavaScript around a wasm file and cuts the
// staff app into its parts. It is made once per machine.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Stop, ask, at, cache, hash, step, t } from "./base.mjs";

/** The shim in scripts/worker-shim.js does what this version of worker-build writes, for this version of `worker`. */
export const SHIM = "0.8.7";

/** The version that a package has in a Cargo.lock, or undefined. */
export const lockedIn = (lock, name) => lock.match(new RegExp(`\\[\\[package\\]\\]\nname = "${name}"\nversion = "([^"]+)"`))?.[1];

/** `0.2` of `0.2.4`, `3` of `3.1.0`: what cargo takes for compatible. */
const line = (version) => version.split(".").slice(0, version.startsWith("0.") ? 2 : 1).join(".");

/**
 * A tool that does not belong to the library in the product writes files that
 * fail in the browser. Each version stands in one place, the two locks; this
 * gives a sentence where they do not go together.
 */
export function disagreement(product, tools) {
  const of = (lock, name) => lockedIn(lock, name) ?? "—";
  for (const [library, tool, same] of [
    ["wasm-bindgen", "wasm-bindgen-cli-support", (a, b) => a === b],
    // One project releases the two, not always with the same last number.
    ["wasm_split_helpers", "wasm_split_cli_support", (a, b) => line(a) === line(b)],
  ]) {
    const [a, b] = [of(product, library), of(tools, tool)];
    if (!same(a, b)) {
      return t(
        `Cargo.lock 中 ${library} 是 ${a}，而 scripts/tools/Cargo.lock 中 ${tool} 是 ${b}，两者必须一致。请改 scripts/tools/Cargo.toml 中的版本，再运行 cargo update --manifest-path scripts/tools/Cargo.toml`,
        `Cargo.lock has ${library} ${a}, scripts/tools/Cargo.lock has ${tool} ${b}: the two have to agree. Set the version in scripts/tools/Cargo.toml, then run cargo update --manifest-path scripts/tools/Cargo.toml`,
      );
    }
  }
  const worker = of(product, "worker");
  if (worker === SHIM) return undefined;
  return t(
    `Cargo.lock 中 worker 是 ${worker}，而 scripts/worker-shim.js 是按 ${SHIM} 写的。请对照 worker-build ${worker} 的 src/js/shim.js 修改，再改 scripts/lib/tools.mjs 中的 SHIM`,
    `Cargo.lock has worker ${worker}, scripts/worker-shim.js was written for ${SHIM}. Compare it with src/js/shim.js of worker-build ${worker}, then change SHIM in scripts/lib/tools.mjs`,
  );
}

/** Stops where the tools' versions and the product's do not go together. */
export function agree() {
  const read = (...path) => readFileSync(at(...path), "utf8");
  const why = disagreement(read("Cargo.lock"), read("scripts", "tools", "Cargo.lock"));
  if (why) throw new Stop(why);
}

/** Makes sure of cargo and its wasm target. */
export async function toolchain() {
  if (!ask("cargo", ["--version"])) {
    throw new Stop(t("没有找到 Rust。请先安装：rustup（https://rustup.rs）", "Rust is missing. Install rustup first (https://rustup.rs)"));
  }
  const sysroot = ask("rustc", ["--print", "sysroot"]) ?? "";
  if (existsSync(join(sysroot, "lib", "rustlib", "wasm32-unknown-unknown"))) return;
  await step({
    title: t("为 Rust 添加 wasm32 目标", "Adding Rust's wasm32 target"),
    usual: "20 s",
    command: "rustup",
    args: ["target", "add", "wasm32-unknown-unknown"],
  });
}

/** The path of the tool, built where it is missing; a half-built one is never found. */
export async function wasmTool() {
  agree();
  if (process.env.XIAOXUN_WASM_TOOL) return process.env.XIAOXUN_WASM_TOOL;
  const home = join(cache, `wasm-tool-${hash([at("scripts", "tools", "Cargo.toml"), at("scripts", "tools", "Cargo.lock"), at("scripts", "tools", "src")])}`);
  const path = join(home, "bin", "xiaoxun-wasm");
  if (existsSync(path)) return path;
  const building = `${home}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  await step({
    title: t("编译构建工具（每台机器一次）", "Building the build tool (once per machine)"),
    usual: "1 min",
    command: "cargo",
    args: ["install", "--path", at("scripts", "tools"), "--root", building, "--locked", "--no-track"],
    // Outside the checkout: whatever stands in its .cargo or the like is the product's.
    cwd: cache,
    env: { CARGO_TARGET_DIR: join(building, "target") },
    count: /Compiling /g,
    unit: "crates",
  });
  rmSync(join(building, "target"), { recursive: true, force: true });
  if (existsSync(home)) rmSync(building, { recursive: true, force: true });
  else renameSync(building, home);
  return path;
}
