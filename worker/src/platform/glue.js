// What crosses between wasm and JavaScript, in few crossings: a request's head
// is one text, a D1 batch is one text each way, an answer is one call.

/** Method, address and all headers of a request, as JSON. */
export function head(request) {
  return JSON.stringify({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers) });
}

/** A request's body, or undefined where it is longer than `limit` bytes. */
export async function body(request, limit) {
  const chunks = [];
  let length = 0;
  if (request.body) {
    for await (const chunk of request.body) {
      length += chunk.length;
      if (length > limit) return undefined;
      chunks.push(chunk);
    }
  }
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Headers as one object, which is kept and never changed. */
export function keep(headers) {
  return Object.freeze(JSON.parse(headers));
}

/** An answer; `kept` are the headers that every answer has, `own` is a JSON object of those that this one has. */
export function respond(status, text, kept, own) {
  return new Response(text, { status, headers: { ...kept, ...JSON.parse(own) } });
}

/** The same for a file. The bytes are a view of wasm's memory, which moves on. */
export function respondBytes(status, content, kept, own) {
  return respond(status, content.slice(), kept, own);
}

/** Text from bytes in GB18030; throws where they are not. */
export function gb18030(bytes) {
  return new TextDecoder("gb18030", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** A text in Unicode's form NFKC. */
export function nfkc(text) {
  return text.normalize("NFKC");
}

/** A value of the environment: a setting, a secret or a binding. */
export function binding(env, name) {
  return env[name];
}

const bytes = (value) =>
  value !== null && typeof value === "object" ? Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer : value;

/** Runs `[[sql, [value, …]], …]` as one D1 batch; answers `[[rows, read, written], …]`. */
export async function batch(database, text) {
  const statements = JSON.parse(text).map(([sql, values]) => {
    const statement = database.prepare(sql);
    return values.length ? statement.bind(...values.map(bytes)) : statement;
  });
  const results = await database.batch(statements);
  return JSON.stringify(results.map(({ results, meta }) => [results ?? [], meta.rows_read ?? 0, meta.rows_written ?? 0]));
}

/** Puts messages (a JSON array) on a queue. */
export async function enqueue(queue, bodies) {
  await queue.sendBatch(JSON.parse(bodies).map((body) => ({ body, contentType: "json" })));
}

/** What breaks a call off. */
export function stopper() {
  return new AbortController();
}

/** Breaks it off; after its end that changes nothing. */
export function abort(stopper) {
  stopper.abort();
}

/** Calls a server; answers `[status, bytes]`. The body's bytes are a view of wasm's memory, which moves on. */
export async function call(head, content, { signal }, limit) {
  const [method, address, headers] = JSON.parse(head);
  const answer = await fetch(address, { method, headers, body: content.slice(), signal, redirect: "manual" });
  return [answer.status, await body(answer, limit)];
}

/** A JSON file of the app's, as text. For a path that is none the app's page would come. */
export async function asset(assets, path) {
  const found = await assets.fetch(new Request(`https://assets${path}`));
  return found.ok && found.headers.get("content-type")?.includes("json") ? await found.text() : undefined;
}

/** Stores a file unless one of this name is there; says whether it did. The bytes are a view of wasm's memory, which moves on. */
export async function storeNew(bucket, name, content) {
  return (await bucket.put(name, content.slice(), { onlyIf: new Headers({ "If-None-Match": "*" }) })) !== null;
}

/** Names of files behind `after`, in order, as JSON: at most a thousand. */
export async function names(bucket, prefix, after) {
  const { objects } = await bucket.list({ prefix, startAfter: after || undefined });
  return JSON.stringify(objects.map(({ key }) => key));
}

/** A file's bytes, or null. */
export async function load(bucket, name) {
  const object = await bucket.get(name);
  return object && new Uint8Array(await object.arrayBuffer());
}
