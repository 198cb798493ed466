// `npm test`: sets up as `npm start` does, then passes everything. Names after
// `--` choose parts: npm test -- domain worker api browser.
import { Stop, at, bin, main, modernNode, say, show, t } from "./lib/base.mjs";

const PARTS = ["domain", "worker", "api", "browser"];

await main(async () => {
  const chosen = process.argv.slice(2);
  const strange = chosen.find((name) => !PARTS.includes(name));
  if (strange) throw new Stop(t(`没有 ${strange} 这一部分，可用：${PARTS.join(" ")}`, `No part ${strange}; there are: ${PARTS.join(" ")}`));
  await modernNode();
  const wanted = (name) => chosen.length === 0 || chosen.includes(name);
  const failed = [];
  const part = async (name, title, command, args, env) => {
    if (!wanted(name)) return;
    say(`\n▸ ${title}`);
    if (!(await show(command, args, { env }))) failed.push(name);
  };

  await part("domain", t("规则（domain）", "The rules (domain)"), "cargo", ["test", "-p", "domain", "--all-features"]);
  await part("domain", t("界面与页面", "Pages and parts"), "cargo", ["test", "-p", "parent", "-p", "ui", "--features", "ui/ssr"]);
  await part("domain", t("教职工端网页", "The staff app"), "cargo", ["test", "-p", "staff"]);
  await part("worker", t("Worker 的单元测试", "The Worker's unit tests"), "cargo", ["test", "-p", "worker_app"]);
  if (wanted("api") || wanted("browser")) {
    const { build } = await import("./lib/build.mjs");
    const { templates } = await import("./lib/template.mjs");
    await build();
    await templates();
  }
  await part("api", t("接口测试（workerd）", "API tests against workerd"), "cargo", ["test", "-p", "api_tests", "--no-fail-fast"]);
  if (wanted("browser")) {
    const { chineseFont, chromium } = await import("./lib/browser.mjs");
    const path = await chromium();
    if (!path) throw new Stop(t("没有浏览器，浏览器测试未运行", "No browser: the browser tests did not run"));
    await chineseFont();
    await part("browser", t("浏览器测试（Chromium）", "Browser tests (Chromium)"), bin("playwright"), ["test", "--config", at("tests", "browser", "playwright.config.mjs")], { CHROMIUM: path });
  }
  if (failed.length) throw new Stop(t(`未通过：${failed.join("、")}`, `Failed: ${failed.join(", ")}`));
  say(t("\n✓ 全部通过", "\n✓ All passed"));
});
