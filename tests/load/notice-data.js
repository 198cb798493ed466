// What both twins of the parents' page stand on: the same check of the same
// token, the same statements in the same round trips as the Worker's, the same
// hint behind the answer. `npm run bench` listens to the Worker and hands over
// its statements (STATEMENTS), its style (STYLE) and its headers (HEADERS).
import { DurableObject } from "cloudflare:workers";

/** The configuration binds it; no twin sends anything. */
export class Sequencer extends DurableObject {}

let keys;

/** `id:hex,id:hex` as imported HMAC keys, once per isolate. */
function linkKeys(env) {
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

/** The delivery that a token names, where its tag is right. */
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

let statements;

/** `{sql, values}` with the roles of the values: message, round, phone, phone_text, a moment from now, or a fixed value. */
function bound(env, list, id, now) {
  const value = (role) =>
    role.after !== undefined ? now + role.after : role.fixed !== undefined ? role.fixed : role.name === "phone_text" ? String(id.phone) : id[role.name];
  return list.map(({ sql, values }) => env.DB.prepare(sql).bind(...values.map(value)));
}

/** What the page shows, or undefined; leaves the hint once the answer is on its way. */
export async function notice(token, env, context) {
  const id = await delivery(env, token);
  if (!id) return undefined;
  statements ??= JSON.parse(env.STATEMENTS);
  const now = Date.now();
  const [page] = await env.DB.batch(bound(env, statements.page, id, now));
  let [row] = page.results;
  if (!row) return undefined;
  const columns = Object.values(row);
  // A row that comes as one JSON text.
  if (columns.length === 1) row = JSON.parse(columns[0]);
  context.waitUntil(env.DB.batch(bound(env, statements.hint, id, now)));
  const people = typeof row.people === "string" ? JSON.parse(row.people) : (row.people ?? []);
  return {
    school: row.school,
    word: row.platform_word,
    reader: people.some(([, className]) => className === null) ? "staff" : row.to_students ? "student" : "parent",
    title: row.title,
    sender: row.sender,
    at: moment(row.at),
    confirmed: row.confirmed_at == null ? undefined : moment(row.confirmed_at),
    just: row.confirmed_at != null && row.confirmed_at + 60_000 > now,
    children: people.filter(([, className]) => className !== null),
    recipient: people.find(([, className]) => className === null)?.[0],
    paragraphs: paragraphs(row.body),
  };
}

/** 11月25日 08:08 in Shanghai. */
function moment(at) {
  const t = new Date(at + 8 * 3_600_000);
  const two = (n) => String(n).padStart(2, "0");
  return `${t.getUTCMonth() + 1}月${t.getUTCDate()}日 ${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`;
}

/** A paragraph as `{text}` and `{text, href, host}`: its web addresses can be tapped. */
export function pieces(text) {
  const all = [];
  let from = 0;
  for (const { 0: address, index } of text.matchAll(/https?:\/\/[\w.-]+[^\s\u3000-\u303f\uff00-\uffef]*/g)) {
    all.push({ text: text.slice(from, index) }, { text: address, href: address, host: address.split("/")[2] });
    from = index + address.length;
  }
  all.push({ text: text.slice(from) });
  return all.filter((piece) => piece.text !== "");
}

/** What is said to whoever got an SMS that was meant for somebody else, and the other words that depend on the reader. */
export const words = {
  parent: { label: "家长通知", knows: "老师", asks: "班主任", named: "学生的家长" },
  student: { label: "学生通知", knows: "老师", asks: "班主任", named: "学生本人" },
  staff: { label: "教职工通知", knows: "学校", asks: "校办室", named: "教职工" },
};

/** Blank lines part paragraphs; a single line break stays one. */
function paragraphs(text) {
  const all = [];
  let open = false;
  for (const line of text.split("\n")) {
    if (line.trim() === "") open = false;
    else if (open) all.push(`${all.pop()}\n${line}`);
    else {
      all.push(line);
      open = true;
    }
  }
  return all;
}

let sent;
/** The product's headers. */
export const headers = (env) => (sent ??= JSON.parse(env.HEADERS));
