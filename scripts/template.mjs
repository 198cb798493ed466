// Prints where the test templates lie, after making them where they are missing.
import { main, modernNode } from "./lib/base.mjs";

await main(async () => {
  await modernNode();
  const { templates } = await import("./lib/template.mjs");
  console.log(await templates());
});
