// The parents' page written by hand in JavaScript, to compare with: the same
// check of the same token, the same two statements in one round trip, the same
// hint, and as many bytes. `npm run bench` hands over the statements out of
// worker/src/link/store.rs (PAGE, HINT) and the page's text with holes (SHELL).
import { DurableObject } from "cloudflare:workers";

export class Sequencer extends DurableObject {}

const LINK_LIFE = 180 * 86_400_000;
let keys;

/** `id:hex,id:hex` as imported HMAC keys, once per isolate. */
async function linkKeys(env) {
  keys ??= Promise.all(
    env.LINK_KEYS.split(",").map(async (pair) => {
      const [id, hex] = pair.split(":");
      const secret = Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
      const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      return { id: Number(id), key };
    }),
  );
  return keys;
}

async function delivery(env, token) {
  if (token.length !== 32) return undefined;
  let raw;
  try {
    raw = Uint8Array.from(atob(token.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
  const found = (await linkKeys(env)).find((key) => key.id === raw[0]);
  if (!found) return undefined;
  const text = new TextEncoder().encode("xiaoxun/link/v1");
  const signed = new Uint8Array(text.length + 8);
  signed.set(text);
  signed.set(raw.subarray(0, 8), text.length);
  const tag = new Uint8Array(await crypto.subtle.sign("HMAC", found.key, signed));
  let different = 0;
  for (let i = 0; i < 16; i++) different |= tag[i] ^ raw[8 + i];
  if (different) return undefined;
  const packed = raw.subarray(1, 8).reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  return {
    message: Number(packed >> 32n),
    round: Number((packed >> 30n) & 3n),
    phone: Number(packed & ((1n << 30n) - 1n)),
  };
}

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => text.replace(/[&<>"']/g, (c) => escapes[c]);

function html(status, body) {
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex, nofollow",
      "strict-transport-security": "max-age=31536000; includeSubDomains",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    },
  });
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const token = url.pathname.match(/^\/m\/([^/]+)$/)?.[1];
    if (!token) return html(404, "");
    const id = await delivery(env, token);
    if (!id) return html(404, "");
    const now = Date.now();
    const [page] = await env.DB.batch([
      env.DB.prepare(env.PAGE).bind(id.message, id.round, id.phone, now - LINK_LIFE),
      env.DB.prepare(env.HINT).bind(id.message, id.round, String(id.phone), now),
    ]);
    const row = page.results[0];
    if (!row) return html(404, "");
    const holes = {
      school: row.school,
      title: row.title,
      sender: row.sender,
      token,
      people: JSON.parse(row.people).map(([name]) => name).join("、"),
      body: row.body,
    };
    return html(200, env.SHELL.replace(/\{\{(\w+)\}\}/g, (_, name) => escape(String(holes[name]))));
  },
  async scheduled() {},
  async queue() {},
};
