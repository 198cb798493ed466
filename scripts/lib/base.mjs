// What every script needs before anything is installed: Node built-ins only.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
export const at = (...parts) => join(root, ...parts);
export const bin = (name) => at("node_modules", ".bin", name);
/** Tools live outside the checkout, so that a second clone does not build them again. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "xiaoxun");

const zh = /^zh/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || "");
/** A sentence in the language of the terminal. */
export const t = (chinese, english) => (zh ? chinese : english);
export const say = (...lines) => console.log(...lines);

/** Ends the script with words instead of a stack trace. */
export class Stop extends Error {}

/** Runs a script's main function: a `Stop` is told, anything else is a fault and shows where. */
export async function main(run) {
  try {
    await run();
  } catch (e) {
    console.error(e instanceof Stop ? `\n✗ ${e.message}` : e);
    process.exit(1);
  }
}

/** `--port 8787 --demo none` and `--flag` after the script's name. */
export function options(defaults) {
  const found = { ...defaults };
  const words = process.argv.slice(2);
  while (words.length) {
    const word = words.shift();
    const [, name, , value] = /^--([a-z-]+)(=(.*))?$/s.exec(word) ?? [];
    if (!name || !(name in defaults)) {
      const known = Object.keys(defaults).map((k) => `--${k}`).join(" ");
      throw new Stop(t(`不认识的参数 ${word}。可用：${known}`, `Unknown option ${word}. There are: ${known}`));
    }
    if (typeof defaults[name] === "boolean") found[name] = true;
    else if (Array.isArray(defaults[name])) found[name] = [...found[name], value ?? words.shift()];
    else found[name] = value ?? words.shift() ?? "";
  }
  return found;
}

export function seconds(ms) {
  const all = Math.max(1, Math.round(ms / 1000));
  return all < 90 ? `${all} s` : `${Math.floor(all / 60)} min ${all % 60} s`;
}

const running = new Set();
let ticking;
// Whoever ends this script ends what it has begun.
process.on("exit", () => {
  for (const { child } of running) child?.kill();
});

/** One line for all that is running, rewritten on a terminal. */
function progress() {
  const tty = process.stdout.isTTY;
  const words = [...running].map(({ title, started, done, unit }) => {
    const short = title.replace(/ *[（(].*/s, "");
    return `${running.size > 1 ? `${short} ` : ""}${seconds(Date.now() - started)}${done ? t(`，已完成 ${done} ${unit}`, `, ${done} ${unit} done`) : ""}`;
  });
  const line = `  … ${words.join(" · ")}`;
  process.stdout.write(tty ? `\r\x1b[K${line.slice(0, (process.stdout.columns || 80) - 1)}` : `${line}\n`);
}

/** The line of progress goes, so that a sentence can stand in its place. */
const clear = () => process.stdout.isTTY && process.stdout.write("\r\x1b[K");

/**
 * A step that takes a while: says what it does and how long it usually takes,
 * shows that it goes on, keeps all output in build/logs, shows the end of it
 * where the step fails. `count` finds the lines that are progress. Steps may
 * run side by side; where one fails, the others end with it.
 */
export async function step({ title, usual, command, args = [], cwd = root, env = {}, count, unit = "" }) {
  mkdirSync(at("build", "logs"), { recursive: true });
  const log = at("build", "logs", `${title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60)}.log`);
  const out = createWriteStream(log);
  let tail = "";
  const me = { title, started: Date.now(), done: 0, unit, child: undefined };
  clear();
  say(`▸ ${title} ${t(`（一般需要 ${usual}）`, `(usually ${usual})`)}`);
  me.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(me);
  ticking ??= setInterval(progress, process.stdout.isTTY ? 1000 : 15_000);
  for (const stream of [me.child.stdout, me.child.stderr]) {
    stream.on("data", (data) => {
      out.write(data);
      tail = (tail + data).slice(-6000);
      if (count) me.done += (String(data).match(count) ?? []).length;
    });
  }
  const code = await new Promise((end) => {
    me.child.on("error", (e) => { tail += e.message; end(127); });
    me.child.on("close", end);
  });
  running.delete(me);
  if (running.size === 0) ticking = clearInterval(ticking);
  out.end();
  clear();
  if (code !== 0) {
    for (const { child } of running) child.kill();
    throw new Stop(`${title}${t("：失败。全部输出在 ", " failed. All of its output is in ")}${relative(root, log)}\n\n${tail}`);
  }
  say(`✓ ${title} ${seconds(Date.now() - me.started)}`);
}

/** Runs a command with its output shown; true where it succeeded. */
export function show(command, args, { cwd = root, env = {} } = {}) {
  return new Promise((end) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
    child.on("error", (e) => { console.error(e.message); end(false); });
    child.on("close", (code) => end(code === 0));
  });
}

/** Runs a command that has to succeed; `quiet` shows what it says only where it fails. */
export async function run(command, args, { env = {}, quiet = false } = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit" });
  const told = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => told.push(data));
  const code = await new Promise((end) => {
    child.on("error", (e) => { told.push(Buffer.from(e.message)); end(127); });
    child.on("close", end);
  });
  if (code !== 0) throw new Stop(`${command} ${args[0]}: ${code}\n${Buffer.concat(told).toString().slice(-6000)}`);
}

/** What a command prints, or null where it fails. */
export function ask(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8", cwd: root, maxBuffer: 2 ** 26 });
  return result.status === 0 ? result.stdout.trim() : null;
}

/** All files under the given paths, sorted; missing paths are passed over. */
export function files(...paths) {
  const all = [];
  const walk = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name));
    else all.push(path);
  };
  for (const path of paths) walk(path);
  return all;
}

/** One hash over the content of files and further text: changed inputs, and only those, change it. */
export function hash(paths, ...texts) {
  const sum = createHash("sha256");
  for (const path of files(...paths)) sum.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  for (const text of texts) sum.update(String(text)).update("\0");
  return sum.digest("hex").slice(0, 32);
}

const [major, minor] = process.versions.node.split(".").map(Number);
const lockStamp = at("node_modules", ".xiaoxun-lock");

/** Installs the npm packages where they are missing or not those of the lock file. */
export async function packages() {
  const wanted = hash([at("package-lock.json")]);
  const have = existsSync(lockStamp) && readFileSync(lockStamp, "utf8");
  if (have === wanted) return;
  const npm = process.env.npm_execpath;
  await step({
    title: t("安装 npm 依赖（Node 22、Wrangler、wasm-opt 等）", "Installing npm packages (Node 22, Wrangler, wasm-opt, …)"),
    usual: "30 s",
    command: npm ? process.execPath : "npm",
    args: [...(npm ? [npm] : []), "ci", "--no-audit", "--no-fund"],
  });
  writeFileSync(lockStamp, wanted);
}

/**
 * Installs packages, then goes on under Node 22 or newer, whatever the machine
 * has. The script that calls this may import other packages only behind it.
 */
export async function modernNode() {
  if (process.env.XIAOXUN_NODE) return watchParent();
  await packages();
  if (major > 22 || (major === 22 && minor >= 12)) return;
  const child = spawn(bin("node"), process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, XIAOXUN_NODE: "1", PATH: `${at("node_modules", ".bin")}:${process.env.PATH}` },
  });
  // The terminal sends Ctrl-C to both; the child decides when it is done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  }
  const code = await new Promise((end) => child.on("close", (n, signal) => end(signal ? 1 : n)));
  process.exit(code ?? 1);
}

/** A child whose parent was killed ends, too. */
function watchParent() {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && process.kill(process.pid, "SIGTERM"), 1000).unref();
}
