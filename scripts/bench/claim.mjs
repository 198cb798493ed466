// The claim of a batch asks whether an older SMS to one of its phones is on its
// way. It may not grow with all that is on its way. The very statements of the
// trip in which the Worker claimed are run again on its database, beside more
// and more older messages, each time in a transaction that is rolled back.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { say } from "../lib/base.mjs";
import { judge, median, note } from "./table.mjs";

/** How many copies of a message to all are on their way. */
const OLDER = [0, 1, 5];
const CLAIM = /^\s*UPDATE batches SET state = 'claimed'/;
/** How much older they are. */
const BEFORE = 60_000;

const columns = (db, table) => db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((c) => c.name);

/** The statements of the trip that claimed the message's batch, the last claim of all. */
function claimOf(recorded, id) {
  for (const { calls } of recorded.toReversed()) {
    const last = calls.findIndex((call) => CLAIM.test(call.text) && call.values?.includes(id));
    if (last >= 0 && calls[last].rows > 0) return calls;
  }
  throw new Error("no statement like UPDATE batches … 'claimed' was seen for the message to one class");
}

/** The message to one class as it was just before its claim. */
function rewind(db, id) {
  db.exec(`UPDATE batches SET state = 'enqueued', claim = claim - 1, not_before = 0 WHERE message_id = ${id} AND no = 1;
           UPDATE deliveries SET state = 'queued' WHERE message_id = ${id} AND batch_no = 1;
           UPDATE message_streams SET state = 'numbered', settled_at = NULL WHERE message_id = ${id};
           UPDATE messages SET state = 'sending' WHERE id = ${id};
           DELETE FROM attempts WHERE message_id = ${id}`);
  if (columns(db, "rounds").includes("state")) db.exec(`UPDATE rounds SET state = 'sending', ended_at = NULL WHERE message_id = ${id}`);
}

/**
 * Copies of a message to all, a minute older, on their way in every stream but
 * the one of the message to one class: there each has been sent.
 */
function add(db, all, one, copies) {
  if (copies === 0) return;
  const stream = columns(db, "batches").includes("stream_id") ? "stream_id" : "stream";
  const own = db.prepare(`SELECT ${stream} AS stream FROM batches WHERE message_id = ${one}`).get().stream;
  const there = (table) => `${table}.${stream} = ${typeof own === "string" ? `'${own}'` : own}`;
  const batchThere = `EXISTS (SELECT 1 FROM batches b WHERE b.message_id = deliveries.message_id AND b.round = deliveries.round AND b.no = deliveries.batch_no AND ${there("b")})`;
  const value = (table, c) => {
    if (c === (table === "messages" ? "id" : "message_id")) return `${table}.${c} + copy.n`;
    if (c === "seq" || (c === "number" && table === "message_streams")) return `${table}.${c} + copy.n * 1000`;
    if (["ready_at", "released_at", "due_at", "at"].includes(c) && table !== "decisions") return `${table}.${c} - ${BEFORE}`;
    if (c === "state" && (table === "messages" || table === "rounds")) return "'sending'";
    if (c === "state" && table === "message_streams") return `CASE WHEN ${there(table)} THEN 'settled' ELSE 'numbered' END`;
    if (c === "ended_at") return "NULL";
    if (c === "settled_at") return `CASE WHEN ${there(table)} THEN ${table}.settled_at END`;
    if (c === "state" && table === "batches") return `CASE WHEN ${there(table)} THEN 'settled' ELSE 'enqueued' END`;
    if (c === "state" && table === "deliveries") return `CASE WHEN ${batchThere} THEN 'delivered' ELSE 'queued' END`;
    return `${table}.${c}`;
  };
  for (const table of ["messages", "message_versions", "rounds", "message_streams", "deliveries", "batches"]) {
    const names = columns(db, table);
    db.exec(`WITH RECURSIVE copy(n) AS (SELECT 100000 UNION ALL SELECT n + 1 FROM copy WHERE n < ${100_000 + copies - 1})
             INSERT INTO ${table} (${names}) SELECT ${names.map((c) => value(table, c))} FROM copy CROSS JOIN ${table}
             WHERE ${table}.${table === "messages" ? "id" : "message_id"} = ${all}`);
  }
}

/** Milliseconds of the statements, which change nothing for good. */
function time(db, statements) {
  db.exec("BEGIN");
  try {
    const started = performance.now();
    let given = 0;
    for (const { text, values } of statements) {
      const statement = db.prepare(text);
      // D1 binds by place and takes what a statement does not use.
      statement.setAllowUnknownNamedParameters(true);
      const rows = statement.all(Object.fromEntries(values.map((value, n) => [`?${n + 1}`, value])));
      if (CLAIM.test(text)) given = rows.length;
    }
    const took = performance.now() - started;
    if (given !== 1) throw new Error("the claim was refused: an older SMS to one of its phones seems to be on its way");
    return took;
  } finally {
    db.exec("ROLLBACK");
  }
}

export async function claim(stage) {
  say(`\n▸ Claims beside older messages that are on their way (usually 1 min)`);
  await stage.stop();
  const folder = stage.copy();
  stage.all = undefined;
  stage.use(await stage.wrapped(folder, "recorder.js", {}), folder);
  const first = await stage.nearlyAll();
  await first.decide();
  await stage.settled(first.id);
  const { id, decide } = await stage.nearlyClass();
  await decide();
  await stage.accepted(id);
  await stage.stop();

  const statements = claimOf(stage.recorded(folder), id);
  const databases = [];
  for (const copies of OLDER) {
    const own = join(stage.folder, `claim-${copies}`);
    cpSync(folder, own, { recursive: true });
    const db = await stage.database(own);
    const triggers = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec("PRAGMA foreign_keys = OFF; BEGIN");
    rewind(db, id);
    add(db, first.id, id, copies);
    db.exec("COMMIT");
    for (const { sql } of triggers) db.exec(sql);
    databases.push(db);
  }
  const open = databases.map((db) => db.prepare("SELECT COUNT(*) AS n FROM deliveries WHERE state = 'queued' AND message_id <> ?").get(id).n);
  const times = OLDER.map(() => []);
  for (let run = -1; run < stage.runs; run++) {
    databases.forEach((db, n) => {
      const took = time(db, statements);
      if (run >= 0) times[n].push(took);
    });
  }
  for (const db of databases) db.close();
  const all = times.map(median);
  note(`claim beside ${open.map((n, index) => `${n.toLocaleString("en")} older open phones ${all[index].toFixed(2)} ms`).join(", ")}`);
  judge(`Claim beside ${open.at(-1).toLocaleString("en")} older open phones, of one beside none`, stage.label, all.at(-1) / all[0], 3, "×");
  stage.current = stage.all = undefined;
}
