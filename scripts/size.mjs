// Which crates the Worker's wasm consists of: sums the code of the functions
// in the linker's output by the crate in their names, before wasm-opt drops
// the names. Generic code counts for the crate that it is written in.
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { at, main, root, say } from "./lib/base.mjs";

const IMPORTS = 2;
const CODE = 10;

class Reader {
  constructor(bytes, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }
  number() {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = this.bytes[this.position++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  }
  text() {
    const length = this.number();
    this.position += length;
    return this.bytes.toString("utf8", this.position - length, this.position);
  }
}

/** `_ZN4core3fmt…E` is of core, `_ZN…_$LT$alloc..vec..Vec…` of alloc. */
function crateOf(name) {
  const legacy = name.match(/^_ZN(\d+)(.*)$/s);
  const first = legacy ? legacy[2].slice(0, Number(legacy[1])) : name.split("::")[0];
  const inner = first.replace(/^_?(\$(LT|RF|BP|u5b|u7b)\$|dyn\$u20\$|mut\$u20\$|_)+/, "");
  const crate = inner.match(/^[A-Za-z][A-Za-z0-9_]*/)?.[0];
  const v0 = name.match(/^_R.*?Cs[0-9A-Za-z]*_(\d+)([a-z_][a-z0-9_]*)/);
  if (v0) return v0[2].slice(0, Number(v0[1]));
  return legacy || name.includes("::") ? (crate ?? "?") : "(glue)";
}

function crates(path) {
  const bytes = readFileSync(path);
  const at = new Reader(bytes, 8);
  let imported = 0;
  const sizes = [];
  const names = new Map();
  while (at.position < bytes.length) {
    const id = bytes[at.position++];
    const length = at.number();
    const end = at.position + length;
    if (id === IMPORTS) {
      for (let left = at.number(); left > 0; left--) {
        at.text();
        at.text();
        const kind = bytes[at.position++];
        if (kind === 0) {
          imported++;
          at.number();
        } else if (kind === 1) {
          at.position++;
          if (at.number() & 1) (at.number(), at.number());
          else at.number();
        } else if (kind === 2) {
          if (at.number() & 1) (at.number(), at.number());
          else at.number();
        } else {
          at.position += 2;
        }
      }
    } else if (id === CODE) {
      for (let left = at.number(); left > 0; left--) {
        const size = at.number();
        sizes.push(size);
        at.position += size;
      }
    } else if (id === 0 && at.text() === "name") {
      while (at.position < end) {
        const part = bytes[at.position++];
        const partEnd = at.number() + at.position;
        if (part === 1) for (let left = at.number(); left > 0; left--) names.set(at.number(), at.text());
        at.position = partEnd;
      }
    }
    at.position = end;
  }
  let total = 0;
  const sums = new Map();
  sizes.forEach((size, index) => {
    const name = names.get(index + imported) ?? "?";
    // wasm-bindgen runs these and drops them.
    if (name.startsWith("__wbindgen_describe")) return;
    const crate = crateOf(name);
    total += size;
    sums.set(crate, (sums.get(crate) ?? 0) + size);
  });
  return { total, sums: [...sums].sort((a, b) => b[1] - a[1]) };
}

/** Bytes of the Worker as it is uploaded, gzipped. */
export function gzipped() {
  return ["index.js", "index_bg.wasm"]
    .map((name) => gzipSync(readFileSync(at("worker", "build", name)), { level: 9 }).length)
    .reduce((a, b) => a + b, 0);
}

export function largestCrates(count = 10) {
  const path = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "wasm32-unknown-unknown", "release", "xiaoxun_worker.wasm");
  const { total, sums } = crates(path);
  return { total, largest: sums.slice(0, count) };
}

if (process.argv[1] === at("scripts", "size.mjs")) {
  await main(() => {
    const { total, largest } = largestCrates();
    const kb = (bytes) => `${(bytes / 1000).toFixed(1).padStart(8)} KB`;
    say("The ten largest crates (code before wasm-opt):");
    for (const [crate, bytes] of largest) say(`${kb(bytes)}  ${((100 * bytes) / total).toFixed(1).padStart(5)} %  ${crate}`);
    say(`${kb(total)}  100.0 %  all code`);
    say(`${kb(statSync(at("worker", "build", "index_bg.wasm")).size)}           wasm behind wasm-opt`);
    say(`${kb(gzipped())}           JavaScript and wasm, gzipped (budget 1500 KB)`);
  });
}
