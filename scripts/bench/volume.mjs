// 100,000 guardians: submitted, released, claimed, and none of it past what the
// platform allows. Locally nothing refuses a large value, so it is counted.
import { PASSPHRASE } from "../lib/demo.mjs";
import { judge, note } from "./table.mjs";
import { fanOut } from "./sending.mjs";

/** https://developers.cloudflare.com/d1/platform/limits/, paid plan. */
const LIMITS = { value: 2_000_000, statement: 100_000, parameters: 100, statements: 1000 };

const begin = (sql) => sql.replace(/\s+/g, " ").slice(0, 60);

/** Statements of a request: those of as many trips behind `since` as its X-D1 header tells. */
const statementsOf = (recorded, { since, trips }) =>
  recorded.filter(({ at }) => at >= since).slice(0, trips).reduce((all, { calls }) => all + calls.length, 0);

/** Sends to all under the recorder; gives the requests, how long the sending took, and the statements of its largest invocation. */
async function send(stage) {
  const requests = {};
  const ask = async (name, number, path, body) => {
    const client = await stage.as(number);
    const since = Date.now();
    const { trips, answer } = await stage.cost(client, "POST", path, body);
    requests[name] = { since, trips, took: Date.now() - since };
    return answer;
  };
  for (const number of ["T0001", "T0003", "T0004"]) await stage.as(number);
  const { id } = await ask("write", "T0004", "/api/messages", stage.draft());
  const { digest } = await ask("submit", "T0004", `/api/messages/${id}/submit`, { statement: true });
  const order = { verdict: "approve", digest, password: PASSPHRASE };
  await ask("review", "T0003", `/api/messages/${id}/decisions`, order);
  await stage.usage(true);
  await ask("release", "T0001", `/api/messages/${id}/decisions`, order);
  const began = Date.now();
  // Asked of the isolate's memory: a funnel would add its own statements.
  const deadline = began + 600_000;
  const least = stage.size / 100;
  while ((await stage.usage()).provider_calls < least) {
    if (Date.now() > deadline) throw new Error(`message ${id} is not sent`);
    await new Promise((soon) => setTimeout(soon, 50));
  }
  const ended = Date.now();
  const { phones } = await stage.accepted(id);
  const { largest_invocation: invocation } = await stage.usage();
  return { id, requests, took: ended - began, phones, invocation };
}

export async function volume(stage) {
  await fanOut(stage, 2000, Math.min(stage.runs, 3));

  await stage.stop();
  const folder = stage.copy();
  stage.use(await stage.wrapped(folder, "recorder.js", { SANDBOX_LATENCY_MS: "50" }), folder);
  const { id, requests, took, phones, invocation } = await send(stage);
  await stage.stop();
  const waited = Object.entries(requests).map(([name, { took: ms }]) => `${name} ${ms} ms`);
  note(`${phones.toLocaleString("en")} phones, while every statement is written down: ${waited.join(", ")}, all calls of the provider in ${(took / 1000).toFixed(1)} s`);

  const recorded = stage.recorded(folder);
  const all = recorded.flatMap(({ calls }) => calls);
  const most = (of) => all.reduce((a, b) => (of(b) > of(a) ? b : a));
  const [value, statement, parameters, rows] = [(c) => c.largest, (c) => c.length, (c) => c.count, (c) => c.rows].map(most);
  judge("Largest value bound to a statement", stage.label, value.largest / 1000, LIMITS.value / 1000, "KB");
  note(`largest value: ${begin(value.text)}…`);
  judge("Longest statement", stage.label, statement.length / 1000, LIMITS.statement / 1000, "KB");
  judge("Parameters of a statement, most", stage.label, parameters.count, LIMITS.parameters);
  note(`rows that a statement gave to the isolate, most: ${rows.rows.toLocaleString("en")} (${begin(rows.text)}…)`);
  const each = Object.entries(requests).map(([name, request]) => [name, statementsOf(recorded, request)]);
  judge("Statements of a request, most", stage.label, Math.max(...each.map(([, n]) => n)), LIMITS.statements);
  note(`statements: ${each.map(([name, n]) => `${name} ${n}`).join(", ")}`);
  judge("Statements of an invocation while sending, most", stage.label, invocation, LIMITS.statements);
  const db = await stage.database(folder);
  const stored = ["messages", "message_versions", "rounds", "batches"].flatMap((table) => db.prepare(`SELECT * FROM ${table}`).all().flatMap((row) => Object.values(row)));
  judge("Largest value stored with a message", stage.label, stored.reduce((large, one) => Math.max(large, Buffer.byteLength(String(one ?? ""))), 0) / 1000, LIMITS.value / 1000, "KB");
  const left = db.prepare("SELECT COUNT(*) AS n FROM deliveries WHERE message_id = ? AND state = 'queued'").get(id).n;
  judge("Phones left out", stage.label, left, 0);
  db.close();
  stage.current = stage.all = undefined;
}
