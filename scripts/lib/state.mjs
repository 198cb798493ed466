// A state folder: the local copy of the deployment (its configuration, secrets
// and data). Everything a running Xiaoxun keeps on this machine lies in one.
import { spawnSync } from "node:child_process";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "smol-toml";
import { Stop, at, bin, files, hash, root, say, t } from "./base.mjs";

/** What `npm start` adds for the demo; none of it exists in production. */
const demo = { DEMO: "1", SMS_PROVIDER: "sandbox" };
/** Knobs of the pretend telephone company and the clock, for tests. */
const passedOn = ["SANDBOX_LATENCY_MS", "SANDBOX_ANSWER_DELAY_MS", "CLOCK_OFFSET_MS"];

/** Writes a file whole or not at all, for its owner only: what lies in a state folder is a school's data. */
function put(path, text) {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Takes from everybody but their owner what lies in a folder. */
function close(folder) {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) close(path);
    else if (entry.isFile()) chmodSync(path, 0o600);
  }
}

/** A deployment's secrets, in the forms that worker/src/crypto.rs reads. */
export function freshSecrets() {
  const key = () => randomBytes(32).toString("hex");
  return {
    DATA_KEYS: `1:${key()}`,
    INDEX_KEY: key(),
    LINK_KEYS: `1:${key()}`,
    RECORD_KEY: key(),
    PASSWORD_PEPPER: key(),
    HOOK_SECRET: key(),
    SETUP_KEY: randomBytes(32).toString("base64url"),
  };
}

export class State {
  constructor(folder) {
    this.dir = resolve(folder);
    const made = mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    // One that was made before, or was copied, is closed as well; a folder that is none of ours stays as it is.
    if (!made && !existsSync(this.path("secrets.json"))) return;
    chmodSync(this.dir, 0o700);
    for (const name of readdirSync(this.dir).filter((file) => /\.(json|txt)$/.test(file))) chmodSync(this.path(name), 0o600);
    if (existsSync(this.data)) close(this.data);
  }

  path(...parts) {
    return join(this.dir, ...parts);
  }

  /** Where the local runtime keeps D1, objects and buckets; also for `wrangler --persist-to`. */
  get data() {
    return this.path("data");
  }

  read(name) {
    return existsSync(this.path(name)) ? JSON.parse(readFileSync(this.path(name), "utf8")) : undefined;
  }

  write(name, value) {
    put(this.path(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  remove(name) {
    rmSync(this.path(name), { recursive: true, force: true });
  }

  /** The files of its D1 databases: Miniflare's object id is an HMAC of the binding's name. */
  databases() {
    const key = createHash("sha256").update("miniflare-D1DatabaseObject").digest();
    const mac = (data) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
    const file = (binding) => {
      const name = mac(binding);
      const id = Buffer.concat([name, mac(name)]).toString("hex");
      return join(this.data, "v3", "d1", "miniflare-D1DatabaseObject", `${id}.sqlite`);
    };
    return { d1: file("DB"), sandbox: file("SANDBOX_DB") };
  }

  /** The deployment's secrets, made once, readable by their owner only. */
  secrets() {
    const have = this.read("secrets.json") ?? {};
    const all = { ...freshSecrets(), ...have };
    this.write("secrets.json", all);
    return all;
  }

  /** The configuration to run here: wrangler.toml, plus the demo unless this is production's. */
  configure({ origin, production = false, vars = {} }) {
    const config = parse(readFileSync(at("wrangler.toml"), "utf8"));
    config.main = at(config.main);
    config.assets.directory = at(config.assets.directory);
    for (const database of config.d1_databases) database.migrations_dir = at(database.migrations_dir);
    config.vars = { ...config.vars, PUBLIC_ORIGIN: origin };
    if (!production) {
      Object.assign(config.vars, demo);
      config.d1_databases.push({
        binding: "SANDBOX_DB",
        database_name: "xiaoxun-sandbox",
        migrations_dir: at("schema", "sandbox"),
      });
    }
    for (const name of passedOn) if (process.env[name]) config.vars[name] = process.env[name];
    Object.assign(config.vars, vars);
    this.write("wrangler.json", config);
    return config;
  }

  /** Applies new migrations. An applied one that changed since cannot be repaired: says so. */
  migrate(config) {
    const applied = this.read("migrations.json") ?? {};
    for (const { binding, migrations_dir: folder } of config.d1_databases) {
      const now = Object.fromEntries(
        files(folder)
          .filter((path) => path === join(folder, basename(path)) && path.endsWith(".sql"))
          .map((path) => [basename(path), hash([path])]),
      );
      const before = applied[binding] ?? {};
      const changed = Object.keys(before).filter((name) => before[name] !== now[name]);
      if (changed.length) {
        throw new Stop(
          t(
            `${changed.join("、")} 在应用之后又被修改，这个数据目录无法继续使用。请删除 ${this.dir}，或用 --state 指定另一个目录。`,
            `${changed.join(", ")} changed after it was applied, so this state folder cannot go on. Delete ${this.dir}, or name another one with --state.`,
          ),
        );
      }
      const fresh = Object.keys(now).length - Object.keys(before).length;
      if (!fresh) continue;
      const result = spawnSync(
        // This Node, not the first one on the PATH.
        process.execPath,
        [bin("wrangler"), "d1", "migrations", "apply", binding, "--local", "--config", this.path("wrangler.json"), "--persist-to", this.data],
        { cwd: root, encoding: "utf8", env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } },
      );
      if (result.status !== 0) {
        throw new Stop(`${t("数据库迁移失败", "A migration failed")} (${binding})\n${result.stdout}${result.stderr}`);
      }
      applied[binding] = now;
      this.write("migrations.json", applied);
      say(t(`✓ 数据库 ${binding}：应用 ${fresh} 个迁移`, `✓ Database ${binding}: ${fresh} migration(s) applied`));
    }
  }
}
