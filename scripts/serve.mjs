// Runs a prepared state folder for tests: prints one line of JSON when ready,
// ends when its standard input does, so that no test leaves a server behind.
// With --temporary the folder goes, too.
import { rmSync } from "node:fs";
import { Stop, main, modernNode, options } from "./lib/base.mjs";

await main(async () => {
  const chosen = options({ port: "0", state: "", production: false, temporary: false, var: [] });
  if (!chosen.state) throw new Stop("serve.mjs --state DIR [--port N] [--production] [--temporary] [--var NAME=VALUE]…");
  await modernNode();
  const { State } = await import("./lib/state.mjs");
  const { endOrphans, freePort, serve } = await import("./lib/server.mjs");
  const state = new State(chosen.state);
  await endOrphans(state);
  const port = Number(chosen.port) || (await freePort());
  const vars = Object.fromEntries(chosen.var.map((v) => [v.slice(0, v.indexOf("=")), v.slice(v.indexOf("=") + 1)]));
  const config = state.configure({ origin: `http://127.0.0.1:${port}`, production: chosen.production, vars });
  state.migrate(config);
  const server = await serve({ state, config, port, onError: (message) => console.error(message) });
  const end = async () => {
    await server.stop();
    if (chosen.temporary) rmSync(state.dir, { recursive: true, force: true });
    process.exit(0);
  };
  process.stdin.on("end", end).on("error", end).resume();
  process.on("SIGTERM", end);
  const { origin, workerd } = server;
  const { SETUP_KEY: setup_key } = state.secrets();
  console.log(JSON.stringify({ origin, pid: process.pid, workerd, setup_key, ...state.databases() }));
});
