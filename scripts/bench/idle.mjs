// Cron on a school that has sent for years, in a minute without work.
import { say } from "../lib/base.mjs";
import { judge, median } from "./table.mjs";

/** Multiplies what a message has left behind, without the triggers; gives the number of deliveries. */
function multiply(db, message, copies) {
  const triggers = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.exec("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN");
  for (const name of ["messages", "message_versions", "message_steps", "decisions", "deliveries", "batches", "attempts", "rounds", "message_streams"]) {
    const columns = db.prepare(`SELECT name FROM pragma_table_info('${name}')`).all().map((c) => c.name);
    const key = name === "messages" ? "id" : "message_id";
    // Settled long ago: no next look, a state at its end, numbers that nobody else has.
    const values = columns.map((c) =>
      c === key ? `${c} + copy.n`
      : c === "reference" ? "reference || '-' || copy.n"
      : c === "seq" || name === "message_streams" && c === "number" ? `${c} + copy.n * 1000`
      : c === "check_at" ? "NULL"
      : c === "state" && (name === "messages" || name === "rounds") ? "'sent'"
      : c === "state" && name === "deliveries" ? "'delivered'"
      : c,
    );
    db.exec(`WITH RECURSIVE copy(n) AS (SELECT 100000 UNION ALL SELECT n + 1 FROM copy WHERE n < ${100_000 + copies - 1})
             INSERT INTO ${name} (${columns}) SELECT ${values} FROM copy CROSS JOIN ${name} WHERE ${key} = ${message}`);
  }
  db.exec("COMMIT");
  for (const { sql } of triggers) db.exec(sql);
  return db.prepare("SELECT COUNT(*) AS n FROM deliveries").get().n;
}

export async function idle(stage, deliveries) {
  await stage.sent();
  say(`\n▸ An idle minute with ${deliveries.toLocaleString("en")} deliveries (usually 2 min)`);
  await stage.stop();
  const folder = stage.copy(stage.current);
  const db = await stage.database(folder);
  const { message, n } = db.prepare("SELECT message_id AS message, COUNT(*) AS n FROM deliveries GROUP BY 1 ORDER BY 2 DESC").get();
  const rows = multiply(db, message, Math.ceil(deliveries / n));
  db.close();
  await stage.start({}, folder);
  for (let warm = 0; warm < 5; warm++) await stage.server.cron();
  const read = [];
  for (let run = 0; run < stage.runs; run++) {
    await stage.usage(true);
    await stage.server.cron();
    read.push((await stage.usage()).rows_read);
  }
  judge("Rows read by an idle minute of cron", rows.toLocaleString("en"), median(read), 200);
}
