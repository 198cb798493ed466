// Builds the staff app into build/assets: wasm, glue, CSS, index.html, _headers.
// Names carry a hash of the content, so browsers may keep them for ever.
// The wasm is cut where frontend/staff/src/parts.rs says: the first load holds
// what everybody needs at once, the other parts are fetched when they are opened.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (...parts) => join(root, ...parts);
const staff = (...parts) => at("frontend", "staff", ...parts);

/** The tool that cuts a wasm file; leptos brings the matching macro. */
const WASM_SPLIT = "0.2.4";
/** DESIGN's budget for everything that the first visit loads. */
const BUDGET = 250 * 1024;
/** What every browser with WebAssembly since 2021 has; not `--all-features`, which emits what none has yet. */
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];

function run(command, args, { quiet = false, ...env } = {}) {
  const stdio = quiet ? ["ignore", "ignore", "pipe"] : "inherit";
  const { status, error, stderr } = spawnSync(command, args, { cwd: root, stdio, env: { ...process.env, ...env } });
  if (status !== 0 && stderr) process.stderr.write(stderr);
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed (${status})`);
}

/** The version that a package has in Cargo.lock. */
const locked = (name) => readFileSync(at("Cargo.lock"), "utf8").match(new RegExp(`name = "${name}"\\nversion = "([^"]+)"`))[1];

/** A tool from the environment, else from the cache that `npm start` fills. */
function tool(variable, crate, version, binary) {
  if (process.env[variable]) return process.env[variable];
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const path = join(cache, "xiaoxun", `${crate}-${version}`, "bin", binary);
  if (!existsSync(path)) throw new Error(`${crate} ${version} is missing: run \`npm start\` once, or set ${variable}`);
  return path;
}

/** The target folder, wherever the machine's settings put it. */
function target() {
  const { stdout } = spawnSync("cargo", ["metadata", "--format-version", "1", "--no-deps"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  return JSON.parse(stdout).target_directory;
}

const stylesheets = () => [
  ...["tokens", "base", "layout", "components", "feedback"].map((name) => at("frontend", "ui", "style", `${name}.css`)),
  ...readdirSync(staff("style")).filter((name) => name.endsWith(".css")).sort().map((name) => staff("style", name)),
];

const work = mkdtempSync(join(tmpdir(), "xiaoxun-app-"));
try {
  // The size of what is downloaded comes before everything else. Erased view types
  // and relocations (for the cut) are of no use to the Worker, so this is a profile of its own.
  const profile = ['inherits="release"', 'opt-level="z"', 'strip="none"'].flatMap((value) => ["--config", `profile.app.${value}`]);
  const cargoHome = process.env.CARGO_HOME || join(homedir(), ".cargo");
  const flags = ["--cfg", "erase_components", `--remap-path-prefix=${join(cargoHome, "registry", "src")}=`, `--remap-path-prefix=${root}=`];
  run("cargo", ["rustc", "-p", "staff", "--bin", "staff", "--profile", "app", ...profile, "--target", "wasm32-unknown-unknown", "--", "-Clink-arg=--emit-relocs"], {
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
  });
  const raw = join(target(), "wasm32-unknown-unknown", "app", "staff.wasm");
  const cut = join(work, "cut");
  run(tool("WASM_SPLIT_BIN", "wasm_split_cli_support", WASM_SPLIT, "wasm-split-cli"), [raw, cut, "--target", "web", "--out-name", "app"]);
  // wasm-bindgen of the very version in Cargo.lock: the two have to agree.
  run(tool("WASM_BINDGEN_BIN", "wasm-bindgen-cli", locked("wasm-bindgen"), "wasm-bindgen"), [
    join(cut, "app.wasm"), "--target", "web", "--no-typescript", "--keep-lld-exports", "--out-dir", work, "--out-name", "app",
  ]);
  const wasmOpt = process.env.WASM_OPT_BIN || at("node_modules", ".bin", "wasm-opt");
  const optimised = (path) => {
    const out = `${path}.opt`;
    run(wasmOpt, [path, "-o", out, "-Oz", "--strip-debug", "--strip-producers", ...FEATURES.map((f) => `--enable-${f}`)], { quiet: true });
    return readFileSync(out);
  };

  const files = new Map();
  /** Keeps a file under a name that changes with its content. */
  const keep = (name, ext, content) => {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const path = `${name}-${hash}.${ext}`;
    files.set(path, Buffer.from(content));
    return `/${path}`;
  };

  const wasm = keep("app", "wasm", optimised(join(work, "app_bg.wasm")));
  let loader = readFileSync(join(cut, "__wasm_split.js"), "utf8");
  for (const name of readdirSync(cut).filter((name) => name.endsWith(".wasm") && name !== "app.wasm")) {
    const path = keep(`part-${name.replace(/^split_|\.wasm$/g, "")}`, "wasm", optimised(join(cut, name)));
    loader = loader.replaceAll(`new URL("./${name}", import.meta.url)`, JSON.stringify(path));
  }
  writeFileSync(join(work, "__wasm_split.js"), loader);
  const glue = await esbuild.build({
    entryPoints: [staff("boot.js")],
    alias: { app: join(work, "app.js") },
    define: { WASM_URL: JSON.stringify(wasm) },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    legalComments: "none",
    logLevel: "warning",
    // wasm-bindgen names the loader once for each function that it takes from it.
    logOverride: { "duplicate-object-key": "silent" },
  });
  const js = keep("app", "js", glue.outputFiles[0].contents);
  const source = stylesheets().map((path) => readFileSync(path, "utf8")).join("\n");
  const { code } = await esbuild.transform(source, { loader: "css", minify: true, target: ["chrome90", "safari15", "firefox90"] });
  // The notice that WeUI's licence asks for stays with its values.
  const css = keep("app", "css", `/* Tokens: WeUI 2.6.26, MIT License, (C) 2017 THL A29 Limited, a Tencent company */\n${code}`);
  const icon = keep("icon", "svg", readFileSync(staff("icon.svg"), "utf8").trim());

  const names = { wasm, js, css, icon };
  const html = readFileSync(staff("index.html"), "utf8")
    .replace(/\{\{(\w+)\}\}/g, (_, name) => names[name])
    .replace(/>\s+</g, "><")
    .trim();
  files.set("index.html", Buffer.from(html));

  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ].join("; ");
  const headers = `/*
  Content-Security-Policy: ${policy}
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Strict-Transport-Security: max-age=31536000
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), microphone=(), geolocation=()
  X-Robots-Tag: noindex
  Cache-Control: no-cache
${["/app-*", "/part-*", "/icon-*"].map((path) => `${path}\n  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable\n`).join("")}`;

  // A folder of its own that replaces the old one at once: a server that is running never sees half an app.
  const fresh = at("build", `assets.${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  for (const [path, content] of files) writeFileSync(join(fresh, path), content);
  writeFileSync(join(fresh, "_headers"), headers);
  const out = at("build", "assets");
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);

  const kb = (bytes) => `${(bytes / 1024).toFixed(1).padStart(7)} KB`;
  let [gzip, brotli] = [0, 0];
  for (const [path, content] of files) {
    const zipped = gzipSync(content, { level: 9 }).length;
    const packed = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
    const later = path.startsWith("part-");
    if (!later) gzip += zipped;
    if (!later) brotli += packed;
    console.log(`${path.padEnd(32)} ${kb(content.length)} raw ${kb(zipped)} gzip ${kb(packed)} brotli${later ? " (fetched when opened)" : ""}`);
  }
  const verdict = gzip <= BUDGET ? "within" : "OVER";
  console.log(`${"first load".padEnd(32)} ${" ".repeat(14)} ${kb(gzip)} gzip ${kb(brotli)} brotli — ${verdict} the budget of ${BUDGET / 1024} KB`);
  // A start must not fail for it, only who asks with --strict.
  if (gzip > BUDGET && process.argv.includes("--strict")) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
