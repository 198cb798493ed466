import { chromium } from "@playwright/test";
const [,, origin, out, planText] = process.argv;
const plan = JSON.parse(planText);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
for (const [who, lang, width, paths] of plan) {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 844 : 900 }, locale: lang, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("pageerror", (e) => console.log("PAGEERROR", who, String(e).slice(0, 200)));
  await page.goto(origin + "/sign-in");
  const status = await page.evaluate(async (login) => (await fetch("/api/session", { method: "POST", headers: { "content-type": "application/json", "idempotency-key": "k" + Math.random().toString(36).slice(2) }, body: JSON.stringify({ login, password: "wutong-2026-xiaoxun-demo" }) })).status, who);
  if (status !== 200) console.log("sign-in", who, status);
  for (const path of paths) {
    await page.goto(origin + path);
    await page.waitForTimeout(900);
    await page.locator(".x-skeleton").first().waitFor({ state: "hidden", timeout: 8000 }).catch(() => console.log("skeleton", path));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) console.log("SIDEWAYS", who, path, wide);
    await page.screenshot({ path: `${out}/${who}-${lang}-${width}-${path.replace(/\W+/g, "_")}.png`, fullPage: true });
  }
  await context.close();
}
await browser.close();
