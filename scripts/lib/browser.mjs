// A Chromium for the browser tests: the system's, else Playwright's own, else Debian's.
import { existsSync } from "node:fs";
import { ask, bin, say, show, t } from "./base.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const onPath = () => NAMES.map((name) => ask("which", [name])).find(Boolean);

async function playwrights() {
  const { chromium } = await import("@playwright/test");
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined;
}

const isRoot = () => process.getuid?.() === 0;
const apt = (...packages) =>
  show("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env: { DEBIAN_FRONTEND: "noninteractive" } });

/** The path of a Chromium, or undefined where none can be had. */
export async function chromium() {
  const found = onPath() ?? (await playwrights());
  if (found) return found;
  say(t("▸ 没有找到 Chromium，正在下载（一般需要 1 分钟）", "▸ No Chromium here: fetching one (usually 1 min)"));
  if (await show(bin("playwright"), ["install", "chromium"])) return playwrights();
  if (isRoot() && (await show("apt-get", ["update"])) && (await apt("chromium"))) return onPath();
  say(t("✗ 请安装 Chromium 后再运行浏览器测试", "✗ Install Chromium to run the browser tests"));
  return undefined;
}

/** Chinese text in screenshots needs a font; without one only the pictures suffer. */
export async function chineseFont() {
  if (ask("fc-list", [":lang=zh"]) || !isRoot() || !ask("which", ["apt-get"])) return;
  say(t("▸ 安装中文字体（一般需要 20 s）", "▸ Installing a Chinese font (usually 20 s)"));
  await apt("fonts-noto-cjk");
}
