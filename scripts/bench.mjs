// `npm run bench`: the budgets of docs/ARCHITECTURE.md as a table of budget,
// figure and verdict, at 1,756, at 20,000 and at 100,000 guardians. What is
// compared runs in turns; a figure is the median of nine.
// `-- --runs 3 --deliveries 100000 --sizes 1756` is the quick look,
// `-- --only page` one part: sizes, fan-out, sending, requests, page, claim, volume, idle.
import { Stop, main, modernNode, options, say, seconds } from "./lib/base.mjs";

const PARTS = ["sizes", "fan-out", "sending", "requests", "page", "claim", "volume", "idle"];

await main(async () => {
  const chosen = options({ runs: "9", deliveries: "5000000", sizes: "1756,20000", guardians: "100000", only: "" });
  const only = chosen.only ? chosen.only.split(",") : PARTS;
  const strange = only.find((name) => !PARTS.includes(name));
  if (strange) throw new Stop(`--only ${strange}? There are: ${PARTS.join(", ")}`);
  await modernNode();
  const { build } = await import("./lib/build.mjs");
  await build();
  const { Stage, DEMO } = await import("./bench/stage.mjs");
  const { print } = await import("./bench/table.mjs");
  const { fanOut, requests, sending, sizes } = await import("./bench/sending.mjs");
  const { page } = await import("./bench/page.mjs");
  const { claim } = await import("./bench/claim.mjs");
  const { volume } = await import("./bench/volume.mjs");
  const { idle } = await import("./bench/idle.mjs");

  const stage = new Stage(Number(chosen.runs));
  const wanted = (name) => only.includes(name);
  const started = Date.now();
  try {
    if (wanted("sizes")) sizes();
    const each = { "fan-out": fanOut, sending, requests, page };
    const all = chosen.sizes.split(",").filter(Boolean).map(Number);
    for (const size of all) {
      if (!Object.keys(each).some(wanted) && !wanted("idle") && !wanted("claim")) break;
      await stage.school(size);
      for (const [name, run] of Object.entries(each)) if (wanted(name)) await run(stage);
      // Both on the largest of them.
      if (size === all.at(-1) && wanted("idle")) await idle(stage, Number(chosen.deliveries));
      if (size === all.at(-1) && size > DEMO && wanted("claim")) await claim(stage);
    }
    if (wanted("volume") && Number(chosen.guardians)) {
      await stage.school(Number(chosen.guardians));
      await volume(stage);
    }
  } finally {
    await stage.end();
  }
  const inside = print();
  say(`\n${inside} inside their budgets; ${seconds(Date.now() - started)}, Node ${process.versions.node}, ${process.platform}/${process.arch}.`);
});
