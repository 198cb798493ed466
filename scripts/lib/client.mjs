// A signed-in client of the public API, as a browser would be.
import { randomUUID } from "node:crypto";

export class Client {
  constructor(origin) {
    this.origin = origin;
    this.cookie = "";
  }

  async request(method, path, body, headers = {}) {
    const raw = body instanceof Uint8Array;
    const answer = await fetch(this.origin + path, {
      method,
      redirect: "manual",
      headers: {
        accept: "application/json",
        "accept-language": "zh",
        origin: this.origin,
        "sec-fetch-site": "same-origin",
        ...(this.cookie && { cookie: this.cookie }),
        ...(body !== undefined && { "content-type": raw ? "text/csv" : "application/json" }),
        ...(method === "POST" && { "idempotency-key": randomUUID() }),
        ...headers,
      },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    for (const cookie of answer.headers.getSetCookie()) this.cookie = cookie.split(";")[0];
    const text = await answer.text();
    if (!answer.ok) {
      let words = text.slice(0, 300);
      try {
        const { title, detail, errors = [] } = JSON.parse(text);
        words = [title, detail, ...errors.map((e) => `${e.field}: ${e.message}`)].filter(Boolean).join("; ");
      } catch {
        // Not a problem document: its beginning will do.
      }
      throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${words}`), { status: answer.status });
    }
    return text ? JSON.parse(text) : undefined;
  }

  get = (path) => this.request("GET", path);
  post = (path, body, headers) => this.request("POST", path, body, headers);
  put = (path, body, headers) => this.request("PUT", path, body, headers);

  async signIn(login, password) {
    return this.post("/api/session", { login, password });
  }

  /** Chooses the password that a slip asks for. */
  async activate(slip, password) {
    const token = slip.link.split("#")[1];
    await this.post("/api/activations", { token, password });
  }
}
