// Runs the deployment on this machine: workerd with D1, queues, objects and
// buckets. It is Miniflare, the part of Wrangler that `wrangler dev` runs, with
// Wrangler's own reading of the configuration. Called directly it is one process
// and one workerd, and nothing watches files or asks the network.
import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { Stop, t } from "./base.mjs";

const require = createRequire(import.meta.url);
const HOST = "127.0.0.1";

/** A port that nobody uses now. */
export function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer().once("error", failed);
    probe.listen(0, HOST, () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** Says so where somebody else has the port. */
export async function checkPort(port) {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Stop(t(`端口号不对：${port}`, `Not a port: ${port}`));
  const free = await new Promise((end) => {
    const probe = createServer().once("error", () => end(false));
    probe.listen(port, HOST, () => probe.close(() => end(true)));
  });
  if (!free) {
    throw new Stop(
      t(
        `端口 ${port} 已被别的程序占用。请停止那个程序，或换一个端口：npm start -- --port ${port + 1}`,
        `Port ${port} is in use by another program. Stop that one, or take another port: npm start -- --port ${port + 1}`,
      ),
    );
  }
}

const processes = () =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8", maxBuffer: 1 << 26 })
    .split("\n")
    .map((line) => line.trim().match(/^(\d+) +(\d+) +(.*)$/))
    .filter(Boolean)
    .map(([, pid, parent, args]) => ({ pid: Number(pid), parent: Number(parent), args }));

/** A start that was killed leaves its workerd behind: ends that one. */
export async function endOrphans(state) {
  const before = state.read("run.json");
  if (!before) return;
  const all = processes();
  const owner = all.find((p) => p.pid === before.pid && p.args.includes("scripts/"));
  if (owner) {
    throw new Stop(
      t(
        `这个数据目录正在使用中（进程 ${before.pid}，${before.origin}）。请先停止它，或用 --state 指定另一个目录。`,
        `This state folder is in use (process ${before.pid}, ${before.origin}). Stop that first, or name another folder with --state.`,
      ),
    );
  }
  const mine = all.filter((p) => before.workerd.includes(p.pid) && p.args.includes("workerd"));
  for (const { pid } of mine) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (e) {
      // It ended by itself meanwhile: that is what we want.
      if (e.code !== "ESRCH") throw e;
    }
  }
  const deadline = Date.now() + 5000;
  while (Date.now() < deadline && processes().some((p) => mine.some((m) => m.pid === p.pid && p.args.includes("workerd")))) {
    await new Promise((soon) => setTimeout(soon, 20));
  }
  state.remove("run.json");
}

/**
 * Starts it; `onError` hears what the Worker logs as an error. `instead` is
 * another Worker for the same bindings: the one that `npm run bench` compares
 * with, or one that imports the built one, as seen from the folder `root`;
 * `imports` is true, or names further files that it imports.
 */
export async function serve({ state, config, port, onError = () => {}, instead }) {
  const wrangler = require("wrangler");
  const { Miniflare, convertV4MiniflareOptions, Log, LogLevel } = require(
    require.resolve("miniflare", { paths: [require.resolve("wrangler")] }),
  );
  const { workerOptions, main } = wrangler.unstable_getMiniflareWorkerOptions(state.path("wrangler.json"));
  const { modulesRules, ...options } = workerOptions;
  const script = instead?.main ?? main;
  const modulesRoot = instead?.root ?? dirname(script);
  const log = createWriteStream(state.path("log.txt"), { flags: "a", mode: 0o600 });
  const origin = `http://${HOST}:${port}`;
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: HOST,
      port,
      cf: false,
      log: new Log(LogLevel.WARN),
      logRequests: false,
      telemetry: { enabled: false },
      unsafeTriggerHandlers: true,
      resourcePersistencePath: join(state.data, "v3"),
      handleStructuredLogs: ({ timestamp, level, message }) => {
        log.write(`${new Date(timestamp).toISOString()} ${level} ${message}\n`);
        if (level === "error" || level === "warn") onError(message);
      },
      workers: [
        {
          ...options,
          name: config.name,
          modulesRoot,
          modules: instead?.imports
            ? [...modules(script), ...[instead.imports].flat().filter((path) => path !== true).map((path) => ({ type: "ESModule", path })), ...modules(main)]
            : modules(script),
          bindings: { ...options.bindings, ...state.secrets(), ...instead?.bindings },
        },
      ],
    }),
  );
  try {
    await runtime.ready;
  } catch (e) {
    await runtime.dispose().catch(() => {});
    throw e;
  }
  const workerd = processes().filter((p) => p.parent === process.pid && p.args.includes("workerd")).map((p) => p.pid);
  state.write("run.json", { pid: process.pid, workerd, origin });
  return {
    origin,
    workerd,
    /** Fires cron as Cloudflare would, for `time` in milliseconds. */
    async cron(time = Date.now()) {
      const answer = await fetch(`${origin}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${time}`);
      if (!answer.ok) throw new Error(`cron: ${answer.status} ${await answer.text()}`);
    },
    async stop() {
      await runtime.dispose();
      log.end();
      state.remove("run.json");
    },
  };
}

/** scripts/build-worker.mjs writes one JavaScript file beside one wasm file. */
function modules(main) {
  const wasm = join(dirname(main), "index_bg.wasm");
  return [{ type: "ESModule", path: main }, ...(existsSync(wasm) ? [{ type: "CompiledWasm", path: wasm }] : [])];
}
