// The Worker as it is, with a line in the log for each call to D1: which
// statements, with which values, and how large they were. `npm run bench` reads
// them: to run the same statements elsewhere, and to count what the platform limits.
import * as built from "../../worker/build/index.js";

/** Values longer than this are only measured. */
const SHORT = 2_000;
const known = new Map();
const statements = new WeakMap();

/** A statement's text is told once, then by its number. */
function numbered(sql) {
  const before = known.get(sql);
  if (before !== undefined) return before;
  known.set(sql, known.size);
  console.log(`SQL ${JSON.stringify({ number: known.size - 1, sql })}`);
  return known.size - 1;
}

const size = (value) =>
  typeof value === "string" ? new TextEncoder().encode(value).length : (value?.byteLength ?? 8);

/** Tells a call when its answer is there: how many rows each statement gave belongs to it. */
function tell(list, answer) {
  const calls = list.map((statement) => {
    const { sql, values } = statements.get(statement) ?? { sql: "?", values: [] };
    const sizes = values.map(size);
    return {
      sql: numbered(sql),
      length: sql.length,
      count: values.length,
      largest: Math.max(0, ...sizes),
      values: sizes.every((n) => n < SHORT) ? values : undefined,
    };
  });
  const log = (rows) => console.log(`D1 ${JSON.stringify({ calls: calls.map((call, n) => ({ ...call, rows: rows[n] ?? 0 })) })}`);
  answer.then(
    (given) => log([given].flat().map((one) => one?.results?.length ?? 0)),
    () => log([]),
  );
  return answer;
}

function recorded(database) {
  const watch = (statement, sql, values) => {
    statements.set(statement, { sql, values });
    const { bind } = statement;
    statement.bind = (...bound) => watch(bind.apply(statement, bound), sql, bound);
    for (const name of ["all", "first", "raw", "run"]) {
      const own = statement[name];
      statement[name] = (...args) => tell([statement], own.apply(statement, args));
    }
    return statement;
  };
  return new Proxy(database, {
    get(target, name) {
      const value = target[name];
      if (name === "constructor" || typeof value !== "function") return value;
      if (name === "prepare") return (sql) => watch(target.prepare(sql), sql, []);
      if (name === "batch") return (list) => tell(list, target.batch(list));
      return value.bind(target);
    },
  });
}

const wrap = (env) => ({ ...env, DB: recorded(env.DB) });

export class Sequencer extends built.Sequencer {
  constructor(state, env) {
    super(state, wrap(env));
  }
}

export default class extends built.default {
  constructor(context, env) {
    super(context, wrap(env));
  }
}
