// From the last decision to the phones: the fan-out, the way to the provider,
// what both cost; and what the API's requests cost.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { at, files, say } from "../lib/base.mjs";
import { PASSPHRASE } from "../lib/demo.mjs";
import { gzipped, largestCrates } from "../size.mjs";
import { DEMO } from "./stage.mjs";
import { judge, median, note, quantile } from "./table.mjs";

export function sizes() {
  say("▸ Sizes");
  const html = readFileSync(at("build", "assets", "index.html"), "utf8");
  const named = files(at("build", "assets")).filter((path) => html.includes(path.split("/").at(-1)) || path.endsWith("index.html"));
  const first = named.map((path) => gzipSync(readFileSync(path), { level: 9 }).length).reduce((a, b) => a + b, 0);
  judge("Staff app, first load, gzipped", "", first / 1000, 250, "KB");
  judge("Worker, gzipped", "", gzipped() / 1000, 1500, "KB");
  const { total, largest } = largestCrates();
  note(`largest crates: ${largest.map(([crate, bytes]) => `${crate} ${((100 * bytes) / total).toFixed(0)} %`).join(", ")}`);
}

/**
 * The last decision releases: its batch writes all deliveries. The decision
 * before it is the same request without them, so the difference is the
 * fan-out. Sending is stopped: nothing leaves meanwhile.
 */
export async function fanOut(stage, budget = 250, runs = stage.runs) {
  await stage.start();
  await (await stage.as("T0003")).post("/api/school/stop", { stopped: true, reason: "bench" });
  const times = { without: [], with: [] };
  for (let run = -1; run < runs; run++) {
    const { decide, before } = await stage.nearlyAll();
    const started = performance.now();
    await decide();
    if (run < 0) continue;
    times.without.push(before);
    times.with.push(performance.now() - started);
  }
  judge("Fan-out (the decision that releases, less one that does not)", stage.label, median(times.with) - median(times.without), budget, "ms");
  const each = (all) => `${median(all).toFixed(0)} ms (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
  note(`whole requests: ${each(times.with)} with the fan-out, ${each(times.without)} without`);
}

export async function sending(stage) {
  const all = [];
  let usage;
  let phones;
  const large = stage.size > DEMO;
  const runs = Math.min(stage.runs, large ? 3 : 9);
  for (let run = 0; run < runs; run++) {
    await stage.start({ SANDBOX_LATENCY_MS: "50" });
    const { id, decide } = await stage.nearlyAll();
    await stage.usage(true);
    const started = performance.now();
    await decide();
    ({ phones } = await stage.accepted(id));
    all.push((performance.now() - started) / 1000);
    await stage.settled(id);
    usage = await stage.usage();
  }
  judge("Approve to accepted, all guardians (50 ms provider)", stage.label, median(all), large ? 4 : 30, "s");
  const streams = large ? stage.size / 100 : 24;
  judge("Provider calls, all guardians", stage.label, usage.provider_calls, Math.max(streams, Math.ceil(phones / 100)));
  stage.written = usage.rows_written / phones;
  judge("Rows written per recipient, to delivered", stage.label, stage.written, 5);

  const times = [];
  for (let run = 0; run < stage.runs * 3; run++) {
    const { id, decide } = await stage.nearlyClass();
    const started = performance.now();
    await decide();
    await stage.accepted(id);
    times.push((performance.now() - started) / 1000);
  }
  judge("Approve to accepted, one class, p95", stage.label, quantile(times, 0.95), 2, "s");
  note(`one class: p50 ${median(times).toFixed(2)} s, p99 ${quantile(times, 0.99).toFixed(2)} s, ${times.length} messages`);
}

/** Round trips and rows of the requests of a day. */
export async function requests(stage) {
  await stage.sent();
  const clerk = await stage.as("T0004");
  const cost = (method, path, body, who = clerk) => stage.cost(who, method, path, body);
  const id = stage.all;
  const trips = [];
  for (const path of ["/api/me", "/api/units", "/api/classes", "/api/staff", "/api/messages?box=all", "/api/messages?box=waiting", `/api/messages/${id}`, `/api/messages/${id}/funnel`, `/api/messages/${id}/deliveries`, "/api/audit"]) {
    // Staff and log are the administrator's.
    const who = /staff|audit/.test(path) ? await stage.as("T0014") : clerk;
    trips.push((await cost("GET", path, undefined, who)).trips);
  }
  trips.push((await cost("POST", "/api/messages/preview", stage.draft())).trips);

  const of = {};
  const { trips: saved, answer: draft } = await cost("POST", "/api/messages", stage.draft());
  const submit = await cost("POST", `/api/messages/${draft.id}/submit`, { statement: true });
  of.submit = submit.trips;
  const order = { verdict: "approve", digest: submit.answer.digest, password: PASSPHRASE };
  const [director, principal] = [await stage.as("T0003"), await stage.as("T0001")];
  const step = (await cost("POST", `/api/messages/${draft.id}/decisions`, order, director)).trips;
  const release = (await cost("POST", `/api/messages/${draft.id}/decisions`, order, principal)).trips;
  const { answer: other } = await cost("POST", "/api/messages", stage.draft());
  await cost("POST", `/api/messages/${other.id}/submit`, { statement: true });
  of.withdraw = (await cost("POST", `/api/messages/${other.id}/withdraw`, {})).trips;
  judge("D1 round trips of an API request, most", stage.label, Math.max(...trips, saved, ...Object.values(of)), 4);
  judge("D1 round trips of an approval", stage.label, Math.max(step, release), 3);
  note(`round trips: save ${saved}, submit ${of.submit}, withdraw ${of.withdraw}, approve ${step}, approve and release ${release}`);
  const batches = stage.size > DEMO ? stage.size / 100 : 24;
  const { read } = await cost("GET", `/api/messages/${id}/funnel`);
  judge("Rows read by a funnel poll, per batch", stage.label, read / batches, 2);
  // What was released meanwhile is not to disturb what is measured next.
  await stage.settled(draft.id);
}
