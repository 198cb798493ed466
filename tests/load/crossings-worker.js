// The Worker as it is, with its crossings between JavaScript and wasm counted:
// GET /sandbox/crossings tells them and counts from nothing.
import { counted } from "./crossings.js";
import * as built from "../../worker/build/index.js";

export const { Sequencer } = built;

export default class extends built.default {
  fetch(request) {
    if (new URL(request.url).pathname !== "/sandbox/crossings") return super.fetch(request);
    const names = [...counted.names].sort((a, b) => b[1] - a[1]);
    const answer = Response.json({ in: counted.in, out: counted.out, names });
    counted.in = counted.out = 0;
    counted.names.clear();
    return answer;
  }
}
