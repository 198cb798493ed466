// Every page, light and dark, in Chinese and in English: axe finds nothing,
// nothing is wider than the screen, no browser complains.
import AxeBuilder from "@axe-core/playwright";
import { PASSPHRASE, expect, noSideways, shot, test } from "./fixtures.mjs";

/** Looks at the page that stands now; in Chinese in the dark, too, where only the colours differ. */
async function inspect(page, name, locale) {
  await noSideways(page);
  for (const scheme of locale === "zh-CN" ? ["light", "dark"] : ["light"]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    const axe = new AxeBuilder({ page }).setLegacyMode();
    const { violations } = await (scheme === "light" ? axe : axe.withRules(["color-contrast"])).analyze();
    const places = (v) => v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ""}`).join("\n    ");
    expect.soft(violations.map((v) => `${v.id}: ${v.help}\n    ${places(v)}`), `${name}, ${scheme}`).toEqual([]);
  }
  await shot(page, name);
}

for (const locale of ["zh-CN", "en-GB"]) {
  test(`the staff app in ${locale}`, async ({ demo, visitor }) => {
    const sent = await demo.sent({ title: "家长会通知", body: "本周五19:00在各班教室召开家长会，请准时参加。" });
    const teacher = await demo.signedIn("T0018");
    const { audience } = (await teacher.get(`/api${sent}`)).draft;
    const { id: draft } = await teacher.post("/api/messages", { audience, category: "event", title: "【草稿】", body: "已后请扫码加群。", send_at: null, reasons: {} });
    const { id: waiting } = await teacher.post("/api/messages", { audience, category: "event", title: "秋季运动会", body: "请准备运动鞋。", send_at: null, reasons: {} });
    await teacher.post(`/api/messages/${waiting}/submit`, { statement: true });

    // Posts that wait for a second person, and a head who is away.
    const clerk = await demo.signedIn("T0004");
    const file = "工号,姓名,手机,部门,职务,班主任班级,任教\nT0901,欧阳明月,,校办室,干事,,\nT0902,司马长风,,校办室,干事,,\n";
    const { id: upload, questions, shown } = await clerk.post("/api/roster/imports?kind=staff", new TextEncoder().encode(file));
    const answers = questions.map(({ id, suggested }) => ({ id, chosen: suggested }));
    await clerk.post(`/api/roster/imports/${upload}/apply`, { answers, persons: [], ticked: [], shown });
    const head = await demo.signedIn("T0015");
    const { posts } = await head.get("/api/delegations");
    const { now } = await head.get("/api/me");
    await head.post("/api/delegations", { appointment: posts[0].appointment.id, from: null, until: now + 3_600_000, reason: "" });

    const page = await visitor({ locale });
    const settled = async () => {
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page.locator(".x-skeleton").filter({ visible: true })).toHaveCount(0);
    };
    const look = async (path, name) => {
      await page.goto(demo.origin + path);
      await settled();
      await inspect(page, name, locale);
    };
    const signIn = (login) =>
      page.evaluate(
        async (body) => {
          const headers = { "content-type": "application/json", "idempotency-key": `sign-in-${body.login}` };
          return (await fetch("/api/session", { method: "POST", headers, body: JSON.stringify(body) })).status;
        },
        { login, password: PASSPHRASE },
      );

    await look("/sign-in", "sign-in");
    await look("/activate", "activate");
    for (const [number, pages] of [
      ["T0018", { home: "/", messages: "/messages?box=mine", compose: "/messages/new", edit: `/messages/${draft}/edit`, sent, classes: "/classes", class: `/classes/${audience.classes[0]}`, "class-edit": `/classes/${audience.classes[0]}/edit`, disputes: "/disputes", mine: "/mine", powers: "/mine/powers", security: "/mine/security", nowhere: "/no-such-page" }],
      ["T0015", { "head-home": "/", waiting: `/messages/${waiting}`, delegations: "/delegations", "head-mine": "/mine" }],
      ["T0004", { "office-home": "/", "posts-i-gave": "/appointments", import: "/import", register: "/register", "register-sheet": `/register/${waiting}`, agenda: "/agenda", "compose-school": "/messages/new" }],
      ["T0014", { "administrator-home": "/", "posts-to-confirm": "/appointments", staff: "/staff", member: "/staff/18", departures: "/staff/departures", units: "/units", checklist: "/checklist", settings: "/settings", audit: "/audit", "audit-history": "/audit/staff/1", "administrator-mine": "/mine" }],
    ]) {
      expect(await signIn(number)).toBe(200);
      for (const [name, path] of Object.entries(pages)) await look(path, name);
    }
  });

  test(`the parents' pages and phones in ${locale}`, async ({ demo, visitor }) => {
    const page = await visitor({ locale });
    const look = async (path, name) => {
      await page.goto(demo.origin + path);
      await expect(page.getByRole("heading").first()).toBeVisible();
      await inspect(page, name, locale);
    };
    await look("/sandbox", "no-phones");
    await demo.sent({ title: "家长会通知", body: "本周五19:00在各班教室召开家长会，请准时参加。\n\n请带笔。" });
    const [sms] = await demo.sms();
    const link = new URL(sms.text.match(/https?:\S+\/m\/[\w-]+/)[0]).pathname;
    await look("/sandbox", "phones");
    await look(`/sandbox?phone=${sms.phone}`, "thread");
    await look("/m/nothing", "link-not-found");
    await look(link, "notice");
    await page.getByRole("button", { name: /确认收到|I have read this/ }).click();
    await expect(page.getByRole("status")).toBeVisible();
    await inspect(page, "confirmed", locale);
  });
}
