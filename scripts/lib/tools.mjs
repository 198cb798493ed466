// The Rust side's tools: the wasm target, worker-build and wasm-bindgen.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Stop, ask, at, bin, cache, step, t } from "./base.mjs";

const WORKER_BUILD = "0.8.7";
/** Cuts the staff app's wasm into what is loaded first and what is fetched later. */
const WASM_SPLIT = "0.2.4";

/** A package's version in Cargo.lock. */
function locked(name) {
  const found = readFileSync(at("Cargo.lock"), "utf8").match(new RegExp(`name = "${name}"\\nversion = "([^"]+)"`));
  if (!found) throw new Stop(t(`Cargo.lock 中没有 ${name}`, `${name} is not in Cargo.lock`));
  return found[1];
}

/** One binary of crates.io in the cache, built where it is missing; a half-built one is never found. */
async function installed(crate, version, binary, usual, lockedFlag, features = []) {
  const home = join(cache, `${crate}-${version}`);
  const path = join(home, "bin", binary);
  if (existsSync(path)) return path;
  const building = `${home}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  await step({
    title: t(`安装 ${crate} ${version}（每台机器一次）`, `Installing ${crate} ${version} (once per machine)`),
    usual,
    command: "cargo",
    args: ["install", crate, "--version", version, "--root", building, ...(lockedFlag ? ["--locked"] : []), ...features.flatMap((f) => ["--features", f])],
    env: { CARGO_TARGET_DIR: join(building, "target") },
    count: /Compiling /g,
    unit: "crates",
  });
  rmSync(join(building, "target"), { recursive: true, force: true });
  if (existsSync(home)) rmSync(building, { recursive: true, force: true });
  else renameSync(building, home);
  return path;
}

/** Makes sure of everything that a build needs, and gives the environment for it. */
export async function tools() {
  if (!ask("cargo", ["--version"])) {
    throw new Stop(t("没有找到 Rust。请先安装：rustup（https://rustup.rs）", "Rust is missing. Install rustup first (https://rustup.rs)"));
  }
  const sysroot = ask("rustc", ["--print", "sysroot"]) ?? "";
  if (!existsSync(join(sysroot, "lib", "rustlib", "wasm32-unknown-unknown"))) {
    await step({
      title: t("为 Rust 添加 wasm32 目标", "Adding Rust's wasm32 target"),
      usual: "20 s",
      command: "rustup",
      args: ["target", "add", "wasm32-unknown-unknown"],
    });
  }
  // wasm-bindgen-cli's own lock file names a version that cannot be had.
  const bindgen = await installed("wasm-bindgen-cli", locked("wasm-bindgen"), "wasm-bindgen", "2 min", false);
  const workerBuild = await installed("worker-build", WORKER_BUILD, "worker-build", "4 min", true);
  const split = await installed("wasm_split_cli_support", WASM_SPLIT, "wasm-split-cli", "1 min", true, ["build-binary"]);
  return {
    workerBuild,
    bindgen,
    env: { WASM_BINDGEN_BIN: bindgen, WASM_SPLIT_BIN: split, WASM_OPT_BIN: bin("wasm-opt"), ESBUILD_BIN: bin("esbuild") },
  };
}
