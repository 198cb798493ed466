// Builds the staff app into build/assets: wasm, glue, CSS, index.html, _headers.
// Names carry a hash of the content, so browsers may keep them for ever.
// The wasm is cut where frontend/staff/src/parts.rs says: the first load holds
// what everybody needs at once, the other parts are fetched when they are opened.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { Stop, at, main, run } from "./lib/base.mjs";
import { staff as crate } from "./lib/compile.mjs";
import { wasmTool } from "./lib/tools.mjs";
import { optimise } from "./lib/wasm.mjs";

const staff = (...parts) => at("frontend", "staff", ...parts);

/** The budget for everything that the first visit loads. */
const BUDGET = 250 * 1024;

const stylesheets = () => [
  ...["tokens", "base", "layout", "components", "feedback"].map((name) => at("frontend", "ui", "style", `${name}.css`)),
  ...readdirSync(staff("style")).filter((name) => name.endsWith(".css")).sort().map((name) => staff("style", name)),
];

/**
 * The loader of the later parts with the names under which they are served.
 * The tool writes `new URL("./part.wasm", import.meta.url)`, which esbuild would
 * leave as it stands: a part that is missed here is a page that never opens.
 */
export function withNames(loader, names) {
  let named = loader;
  for (const [file, path] of names) {
    const before = named;
    named = named.replaceAll(`new URL("./${file}", import.meta.url)`, JSON.stringify(path));
    if (named === before) throw new Stop(`__wasm_split.js does not load ${file} in the way that scripts/build-frontend.mjs knows`);
  }
  const left = named.match(/.*(import\.meta|["'`]\.\/[^"'`]*\.wasm).*/);
  if (left) throw new Stop(`__wasm_split.js still names a file of the build: ${left[0].trim()}`);
  return named;
}

async function build() {
  const tool = await wasmTool();
  await run("cargo", crate.args, { env: crate.env });
  const work = mkdtempSync(join(tmpdir(), "xiaoxun-app-"));
  try {
    await assemble(tool, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function assemble(tool, work) {
  const cut = join(work, "cut");
  await run(tool, ["split", crate.wasm(), cut, "app"]);
  await run(tool, ["bindgen", "app", join(cut, "app.wasm"), work, "app"]);
  const small = (path) => optimise(path, ["-Oz", "--strip-debug", "--strip-producers"]);
  const later = readdirSync(cut).filter((name) => name.endsWith(".wasm") && name !== "app.wasm");
  if (later.length === 0) throw new Stop("the staff app was not cut: no part of it is fetched later");
  const [first, ...parts] = await Promise.all([join(work, "app_bg.wasm"), ...later.map((name) => join(cut, name))].map(small));

  const files = new Map();
  /** Keeps a file under a name that changes with its content. */
  const keep = (name, ext, content) => {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const path = `${name}-${hash}.${ext}`;
    files.set(path, Buffer.from(content));
    return `/${path}`;
  };

  const wasm = keep("app", "wasm", first);
  const names = later.map((name, index) => [name, keep(`part-${name.replace(/^split_|\.wasm$/g, "")}`, "wasm", parts[index])]);
  writeFileSync(join(work, "__wasm_split.js"), withNames(readFileSync(join(cut, "__wasm_split.js"), "utf8"), names));
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

  const holes = { wasm, js, css, icon };
  const html = readFileSync(staff("index.html"), "utf8")
    .replace(/\{\{(\w+)\}\}/g, (_, name) => holes[name])
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
}

if (process.argv[1] === at("scripts", "build-frontend.mjs")) await main(build);
