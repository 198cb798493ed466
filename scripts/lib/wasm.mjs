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

/** A number as wasm writes it (LEB128). */
function leb(n) {
  const bytes = [];
  do {
    bytes.push((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    n >>>= 7;
  } while (n > 0);
  return Buffer.from(bytes);
}

/** The crates whose functions keep their names. */
const OWN = /\b(xiaoxun_worker|domain|parent|ui)::/;

/**
 * The file with the names of our own functions alone, and those without their hash: `a::b::h0123456789abcdef`
 * becomes `a::b`. A stack trace still says where in the product it was; names of libraries are
 * two thirds of all names, and all names were 5 % of what is uploaded.
 */
export function ownNames(wasm) {
  let at = 8;
  const number = () => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = wasm[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  };
  const text = () => {
    const length = number();
    at += length;
    return wasm.toString("utf8", at - length, at);
  };
  const string = (words) => [leb(Buffer.byteLength(words)), Buffer.from(words)];
  const sized = (id, content) => [Buffer.from([id]), leb(content.length), content];
  const functions = () => {
    const count = number();
    const all = Array.from({ length: count }, () => ({ index: number(), name: text() }));
    const own = all.filter(({ name }) => OWN.test(name));
    const entries = own.flatMap(({ index, name }) => [leb(index), ...string(name.replace(/::h[0-9a-f]{16}$/, ""))]);
    return Buffer.concat([leb(own.length), ...entries]);
  };
  const out = [wasm.subarray(0, at)];
  while (at < wasm.length) {
    const start = at;
    const id = wasm[at++];
    const end = number() + at;
    if (id === 0 && text() === "name") {
      const parts = string("name");
      while (at < end) {
        const part = wasm[at++];
        const partEnd = number() + at;
        parts.push(...sized(part, part === 1 ? functions() : wasm.subarray(at, partEnd)));
        at = partEnd;
      }
      out.push(...sized(0, Buffer.concat(parts)));
    } else {
      out.push(wasm.subarray(start, end));
    }
    at = end;
  }
  return Buffer.concat(out);
}
