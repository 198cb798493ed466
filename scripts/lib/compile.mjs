// How cargo is called for the two wasm files that the product consists of.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ask, root } from "./base.mjs";

const TARGET = "wasm32-unknown-unknown";

/** The target folder, wherever the machine's settings put it. */
export function targetFolder() {
  const told = ask("cargo", ["metadata", "--format-version", "1", "--no-deps"]);
  return told ? JSON.parse(told).target_directory : resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
}

/** The Worker. */
export const worker = {
  args: ["build", "--release", "--package", "worker_app", "--lib", "--target", TARGET],
  env: {},
  wasm: () => join(targetFolder(), TARGET, "release", "xiaoxun_worker.wasm"),
};

// The size of what is downloaded comes before everything else. Erased view types
// and relocations (for the cut) are of no use to the Worker, so this is a profile of its own.
const profile = ['inherits="release"', 'opt-level="z"', 'strip="none"'].flatMap((value) => ["--config", `profile.app.${value}`]);
const registry = join(process.env.CARGO_HOME || join(homedir(), ".cargo"), "registry", "src");
const flags = ["--cfg", "erase_components", `--remap-path-prefix=${registry}=`, `--remap-path-prefix=${root}/=`];

/** The staff app. */
export const staff = {
  args: ["rustc", "--package", "staff", "--bin", "staff", "--profile", "app", ...profile, "--target", TARGET, "--", "-Clink-arg=--emit-relocs"],
  env: { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") },
  wasm: () => join(targetFolder(), TARGET, "app", "staff.wasm"),
};
