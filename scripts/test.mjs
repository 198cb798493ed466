// `npm test`: sets up as `npm start` does, then passes everything. Names after
// `--` choose parts: npm test -- domain worker gateway scripts smoke demo api browser.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { Stop, at, bin, main, modernNode, say, seconds, show, t } from "./lib/base.mjs";

const PARTS = ["domain", "worker", "gateway", "scripts", "smoke", "demo", "api", "browser"];

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
    const started = Date.now();
    if (!(await show(command, args, { env }))) failed.push(name);
    say(`  ${seconds(Date.now() - started)}`);
  };

  // With all of these crates named each time, cargo resolves the same features
  // each time, and what they share is compiled once.
  const natives = ["domain", "parent", "ui", "worker_app"];
  const cargo = (packages, ...more) => ["test", ...packages.flatMap((name) => ["--package", name]), "--features", "domain/import,ui/ssr", ...more, "--no-fail-fast"];
  if (wanted("domain") && wanted("worker")) {
    await part("domain", t("规则、页面、Worker 的单元测试", "The rules, pages and parts, the Worker's unit tests"), "cargo", cargo(natives));
  } else {
    await part("domain", t("规则、页面", "The rules, pages and parts"), "cargo", cargo(natives.slice(0, 3)));
    await part("worker", t("Worker 的单元测试", "The Worker's unit tests"), "cargo", ["test", "--package", "worker_app"]);
  }
  await part("domain", t("教职工端网页", "The staff app"), "cargo", ["test", "--package", "staff"]);
  await part("gateway", t("短信网关与中继", "The SMS gateway and the relay"), "cargo", ["test", "--package", "gateway", "--package", "relay", "--features", "gateway/serve", "--no-fail-fast"]);
  await part("gateway", t("短信网关：服务商自己的 SDK", "The SMS gateway: the providers' own SDKs"), process.execPath, ["--test", "--test-reporter=spec", at("tests", "gateway", "sdk.test.mjs")]);
  const script = (name, title) => part(name, title, process.execPath, ["--test", "--test-reporter=spec", at("scripts", "test", `${name}.test.mjs`)]);
  await script("scripts", t("构建脚本", "The build's scripts"));
  if (["smoke", "demo", "api", "browser"].some(wanted)) {
    const { build } = await import("./lib/build.mjs");
    const { templates } = await import("./lib/template.mjs");
    await build();
    await templates();
  }
  await script("smoke", t("冒烟测试（wrangler dev）", "Smoke test (wrangler dev)"));
  await script("demo", t("两所示范学校（npm start）", "The two demo schools (npm start)"));
  const scenarios = readdirSync(at("tests", "api", "tests")).filter((name) => name.endsWith(".rs")).flatMap((name) => ["--test", basename(name, ".rs")]);
  await part("api", t("接口测试（workerd）", "API tests against workerd"), "cargo", cargo([...natives, "api_tests"], ...scenarios));
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
