// Builds the Worker and the staff app, each only when what it is made of changed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { at, hash, say, step, t } from "./base.mjs";
import { tools } from "./tools.mjs";

const common = [at("Cargo.toml"), at("Cargo.lock"), at("domain", "Cargo.toml"), at("domain", "src")];
const worker = () => hash([...common, at("worker", "Cargo.toml"), at("worker", "src"), at("frontend", "parent")]);
const app = () =>
  hash([...common, at("frontend", "ui"), at("frontend", "staff"), at("scripts", "build-frontend.mjs"), at("package-lock.json")]);

/** Runs `make` unless its output stands and was made of the same inputs. */
async function unlessSame(name, inputs, output, make) {
  const stamp = at("build", "stamps", name);
  const now = inputs();
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

/** Builds what changed. */
export async function build() {
  let ready;
  const toolbox = () => (ready ??= tools());
  await unlessSame("worker", worker, at("worker", "build", "index.js"), async () => {
    const { workerBuild, env } = await toolbox();
    await step({
      title: t("编译 Worker（Rust → wasm）", "Building the Worker (Rust → wasm)"),
      usual: t("首次 3–6 分钟，之后 1 分钟", "3–6 min the first time, 1 min later"),
      command: workerBuild,
      args: ["--release"],
      cwd: at("worker"),
      env: { ...env, NO_COLOR: "1" },
      count: /Compiling /g,
      unit: "crates",
    });
  });
  await unlessSame("app", app, at("build", "assets", "index.html"), async () => {
    const { env } = await toolbox();
    if (!existsSync(at("scripts", "build-frontend.mjs"))) return placeholder();
    await step({
      title: t("编译教职工端网页（Leptos → wasm）", "Building the staff app (Leptos → wasm)"),
      usual: t("首次 2–4 分钟，之后 1 分钟", "2–4 min the first time, 1 min later"),
      command: process.execPath,
      args: [at("scripts", "build-frontend.mjs")],
      env,
      count: /Compiling /g,
      unit: "crates",
    });
  });
}

/** Stands in for the staff app until it is written. */
function placeholder() {
  mkdirSync(at("build", "assets"), { recursive: true });
  writeFileSync(at("build", "assets", "index.html"), "<!doctype html><meta charset=utf-8><title>校讯</title><p>校讯");
  say(t("（尚无教职工端网页）", "(no staff app yet)"));
}
