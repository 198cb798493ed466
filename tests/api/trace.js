// The Worker as it is, with every SQL statement written to the log before it
// runs: `tests/plans.rs` asks SQLite how it would go about each of them.
import * as built from "../../worker/build/index.js";

const told = new Set();

/** A database that tells each statement once. */
function traced(database) {
  return new Proxy(database, {
    get(target, name) {
      const value = target[name];
      if (name === "constructor" || typeof value !== "function") return value;
      if (name !== "prepare") return value.bind(target);
      return (sql) => {
        if (!told.has(sql)) console.log(`SQL ${JSON.stringify(sql)}`);
        told.add(sql);
        return target.prepare(sql);
      };
    },
  });
}

const wrap = (env) => ({ ...env, DB: traced(env.DB) });

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
