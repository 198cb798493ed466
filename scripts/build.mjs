// `npm run build`: the Worker and the staff app, where their sources changed.
import { main, modernNode, say, t } from "./lib/base.mjs";

await main(async () => {
  process.on("SIGTERM", () => process.exit(1));
  await modernNode();
  const { build } = await import("./lib/build.mjs");
  await build();
  say(t("✓ 已是最新", "✓ Up to date"));
});
