// Builds the staff app into build/assets: wasm, glue, CSS, index.html, _headers.
// Names carry a hash of the content, so browsers may keep them for ever.
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

/** DESIGN's budget for everything that the first visit loads. */
const BUDGET = 250 * 1024;
/** What every browser with WebAssembly since 2021 has; not `--all-features`, which emits what none has yet. */
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed (${status})`);
}

/** wasm-bindgen of the very version in Cargo.lock: the two have to agree. */
function bindgen() {
  if (process.env.WASM_BINDGEN_BIN) return process.env.WASM_BINDGEN_BIN;
  const [, version] = readFileSync(at("Cargo.lock"), "utf8").match(/name = "wasm-bindgen"\nversion = "([^"]+)"/);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const path = join(cache, "xiaoxun", `wasm-bindgen-cli-${version}`, "bin", "wasm-bindgen");
  if (!existsSync(path)) throw new Error(`wasm-bindgen ${version} is missing: run \`npm start\` once, or set WASM_BINDGEN_BIN`);
  return path;
}

/** The target folder, wherever the machine's settings put it. */
function target() {
  const { stdout } = spawnSync("cargo", ["metadata", "--format-version", "1", "--no-deps"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  return JSON.parse(stdout).target_directory;
}

const stylesheets = () => [
  ...["tokens", "base", "layout", "components"].map((name) => at("frontend", "ui", "style", `${name}.css`)),
  ...readdirSync(staff("style")).filter((name) => name.endsWith(".css")).sort().map((name) => staff("style", name)),
];

const work = mkdtempSync(join(tmpdir(), "xiaoxun-app-"));
try {
  run("cargo", ["build", "-p", "staff", "--release", "--target", "wasm32-unknown-unknown"]);
  const raw = join(target(), "wasm32-unknown-unknown", "release", "staff.wasm");
  run(bindgen(), [raw, "--target", "web", "--no-typescript", "--out-dir", work, "--out-name", "app"]);
  const wasmOpt = process.env.WASM_OPT_BIN || at("node_modules", ".bin", "wasm-opt");
  run(wasmOpt, [join(work, "app_bg.wasm"), "-o", join(work, "app.wasm"), "-Oz", ...FEATURES.map((f) => `--enable-${f}`)]);

  const files = new Map();
  /** Keeps a file under a name that changes with its content. */
  const keep = (name, ext, content) => {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const path = `${name}-${hash}.${ext}`;
    files.set(path, Buffer.from(content));
    return `/${path}`;
  };

  const wasm = keep("app", "wasm", readFileSync(join(work, "app.wasm")));
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
${["/app-*", "/icon-*"].map((path) => `${path}\n  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable\n`).join("")}`;

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
    gzip += zipped;
    brotli += packed;
    console.log(`${path.padEnd(24)} ${kb(content.length)} raw ${kb(zipped)} gzip ${kb(packed)} brotli`);
  }
  const verdict = gzip <= BUDGET ? "within" : "OVER";
  console.log(`${"first load".padEnd(24)} ${" ".repeat(14)} ${kb(gzip)} gzip ${kb(brotli)} brotli — ${verdict} the budget of ${BUDGET / 1024} KB`);
  if (gzip > BUDGET) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
