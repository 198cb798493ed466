// wasm-opt, as both builds call it.
import { readFileSync } from "node:fs";
import { at, run } from "./base.mjs";

/** What browsers since 2021 and workerd have; not `--all-features`, which emits what none has yet. */
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];

/** The optimised content of a wasm file. */
export async function optimise(path, args) {
  const out = `${path}.opt`;
  const all = [at("node_modules", "binaryen", "bin", "wasm-opt"), path, "-o", out, ...args, ...FEATURES.map((f) => `--enable-${f}`)];
  await run(process.execPath, all, { quiet: true });
  return readFileSync(out);
}
