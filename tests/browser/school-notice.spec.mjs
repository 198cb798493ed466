// A notice to the whole school: the clerk writes, the director reviews, the
// principal approves. It comes back once, and goes out as corrected.
import { PASSPHRASE, expect, families, phones, shot, test } from "./fixtures.mjs";
import { Parent, Staff } from "./pages.mjs";

test("a notice to all parents takes two steps and comes back once", async ({ demo, visitor }) => {
  const everybody = families();
  const number = phones(everybody);
  const at = async (login) => {
    const staff = new Staff(await visitor(), demo.origin);
    await staff.signIn(login, PASSPHRASE);
    return staff;
  };
  const title = "国庆节放假安排";
  const wrong = "各位家长：\n\n国庆节10月1日至7日放假，10月9日正常上课。";
  const right = wrong.replace("10月9日", "10月8日");

  const clerk = await at("T0004");
  await shot(clerk.page, "clerk-home");
  await clerk.compose({ audience: "全校家长", category: "放假及开学安排", title, body: wrong });
  await expect(clerk.shown(`1100 名学生 · 1822 位家长 · ${number} 部手机`)).toBeVisible();
  await expect(clerk.shown("审核 · 校办室主任")).toBeVisible();
  await expect(clerk.shown("审批 · 校长")).toBeVisible();
  await shot(clerk.page, "clerk-writes");
  await clerk.askToSubmit();
  await expect(clerk.dialog().getByText(`将发给 ${number} 部手机`)).toBeVisible();
  await shot(clerk.page, "clerk-submits");
  const path = await clerk.submit();

  // The second step cannot be taken before the first, neither on the screen nor behind it.
  const principal = await at("T0001");
  await principal.open(path);
  await expect(principal.shown(/等待：.*姚燕佳/)).toBeVisible();
  await expect(principal.button("审批同意")).toHaveCount(0);
  await expect(principal.button("退回修改")).toHaveCount(0);
  await shot(principal.page, "principal-before-review");
  const api = await demo.signedIn("T0001");
  const { digest } = await api.get(`/api${path}`);
  const early = api.post(`/api${path}/decisions`, { verdict: "approve", digest, reason: "" });
  await expect(early).rejects.toMatchObject({ status: expect.any(Number), message: expect.stringMatching(/: (403|409|422) /) });

  // The director sends it back; the clerk corrects it; it is another version.
  const director = await at("T0003");
  await director.openWaiting(title);
  await expect(director.button("审批同意")).toHaveCount(0);
  await director.button("退回修改").click();
  await director.dialog().getByRole("button", { name: "退回", exact: true }).click();
  await expect(director.dialog().getByRole("alert").filter({ hasText: "请写明理由" })).toBeVisible();
  await shot(director.page, "a-return-needs-a-reason");
  await director.dialog().getByLabel("退回理由").fill("上课日期写错了，应为10月8日");
  await director.dialog().getByRole("button", { name: "退回", exact: true }).click();
  await expect(director.shown("已退回给起草人")).toBeVisible();
  await shot(director.page, "director-returned-it");

  await clerk.open(path);
  await expect(clerk.shown("上课日期写错了，应为10月8日")).toBeVisible();
  await shot(clerk.page, "clerk-reads-why");
  await clerk.page.getByRole("link", { name: "修改", exact: true }).click();
  await expect(clerk.heading("修改通知")).toBeVisible();
  await clerk.write({ body: right });
  await clerk.askToSubmit();
  await clerk.submit();
  await expect(clerk.shown("第 2 稿")).toBeVisible();

  await director.openWaiting(title);
  await expect(director.heading("退回后改了什么")).toBeVisible();
  await expect(director.page.getByRole("deletion")).toHaveText(/9/);
  await expect(director.page.getByRole("insertion")).toHaveText(/8/);
  await shot(director.page, "director-sees-what-changed");
  await director.decide("审核通过");
  await expect(director.shown(/等待：.*范知/)).toBeVisible();
  await shot(director.page, "director-passed-it");

  await principal.openWaiting(title);
  await expect(principal.shown(`${number} 部手机`)).toBeVisible();
  await principal.page.getByText("以前各稿的意见").click();
  await expect(principal.shown("上课日期写错了，应为10月8日")).toBeVisible();
  await shot(principal.page, "principal-reads");
  await principal.decide("审批同意", PASSPHRASE);
  await expect(principal.heading("发送进展")).toBeVisible();

  // All parents: every number once, those that cannot be reached with their reason.
  // Batches whose answer gets lost are asked about a minute later, and what was not taken is sent then.
  await expect.poll(async () => (await demo.sms()).length, { timeout: 60_000 }).toBeGreaterThan(number / 2);
  await shot(principal.page, "it-goes-out");
  await demo.later(3);
  await expect(principal.funnel("已送达")).toContainText(/1[67]\d\d/, { timeout: 60_000 });
  await expect(principal.shown(/部没有送达/)).toBeVisible();
  const sms = await demo.sms();
  expect(new Set(sms.map((one) => one.phone)).size, "one SMS per phone").toBe(sms.length);
  for (const one of sms) expect(one.text).toContain(title);
  await shot(principal.page, "it-went-out-to-all");
  await principal.page.getByRole("group", { name: "按确认情况看" }).getByRole("button", { name: /^有问题/ }).click();
  await shot(principal.page, "what-went-wrong");

  // A family with two children at the school gets one SMS that names both.
  const siblings = everybody.filter((one) => everybody.some((two) => one !== two && shares(one, two)));
  const [child] = siblings;
  const other = siblings.find((two) => two !== child && shares(child, two));
  const shared = child.guardians.find((g) => other.guardians.some((h) => h.phone === g.phone));
  const parent = new Parent(await visitor({ javaScriptEnabled: false }), demo.origin);
  await parent.readSms(shared.phone, title);
  await parent.openLink();
  await expect(parent.page.getByText(child.name, { exact: true })).toBeVisible();
  await expect(parent.page.getByText(other.name, { exact: true })).toBeVisible();
  await expect(parent.page.getByText("10月8日正常上课")).toBeVisible();
  await shot(parent.page, "one-page-for-two-children");
  await parent.confirm();
  await shot(parent.page, "confirmed-for-both");
});

function shares(one, two) {
  return one.guardians.some((g) => two.guardians.some((h) => h.phone === g.phone));
}
