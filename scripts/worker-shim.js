// The Worker as Cloudflare sees it: hands each event to the wasm module, and
// begins with a fresh instance of it after a panic, which ends the old one. It
// does what worker-build writes (scripts/lib/tools.mjs has the version) without
// a proxy around every call. scripts/build-worker.mjs bundles it.
import { WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "./index.js";

Error.stackTraceLimit = 100;
/** `criticalError` and `instanceId`; the wasm side keeps them as well. */
const state = wasm.__worker_init_state();

function note(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("Critical", error);
  state.criticalError = true;
}

// A panic behind an await reaches nobody who called.
addEventListener("error", (event) => note(event.error));

function beginAnew() {
  if (!state.criticalError) return;
  console.log("Reinitializing Wasm application");
  wasm.__wbg_reset_state();
  state.criticalError = false;
  state.instanceId++;
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    return this.#call(wasm.fetch, request);
  }
  queue(batch) {
    return this.#call(wasm.queue, batch);
  }
  scheduled(event) {
    return this.#call(wasm.scheduled, event);
  }

  #call(handler, event) {
    beginAnew();
    try {
      return handler(event, this.env, this.ctx);
    } catch (error) {
      note(error);
      throw error;
    }
  }
}

/** A Durable Object, made again when the wasm instance that it lived in is gone. */
const durable = (inner) =>
  class {
    #context;
    #env;
    #object;
    #instance;

    constructor(context, env) {
      this.#context = context;
      this.#env = env;
      this.#living();
    }

    fetch(request) {
      return this.#call("fetch", request);
    }
    alarm() {
      return this.#call("alarm");
    }

    #living() {
      beginAnew();
      if (this.#object && this.#instance === state.instanceId) return this.#object;
      try {
        this.#object = new inner(this.#context, this.#env);
      } catch (error) {
        state.criticalError = true;
        throw error;
      }
      this.#instance = state.instanceId;
      return this.#object;
    }

    async #call(method, ...args) {
      const object = this.#living();
      try {
        return await object[method](...args);
      } catch (error) {
        note(error);
        throw error;
      }
    }
  };

export const Sequencer = durable(wasm.Sequencer);
