// The main job, from a school with nobody in it to a parent who has confirmed.
// The office, the teacher, the head of year and the parent each have a browser
// of their own; the parent's runs no script.
import { PASSPHRASE, expect, families, phones, roster, shot, test } from "./fixtures.mjs";
import { Parent, Staff } from "./pages.mjs";

const NOTICE = {
  category: "重大活动",
  title: "秋季运动会安排",
  body: "各位家长：\n\n学校定于10月22日举行秋季运动会，请为孩子准备运动鞋和水杯，当天7:20到校。\n\n请阅读后点击下面的按钮确认。",
};

test("from an empty school to a confirmed parent", async ({ empty, visitor }) => {
  const all = families();
  const own = all.filter((family) => family.className === "七年级1班");
  const [child] = own;
  const [guardian] = child.guardians;

  // The office: an account by slip, both files, slips for those who begin.
  const [slip, otherSlip] = await empty.setUp();
  const office = new Staff(await visitor(), empty.origin);
  await office.page.goto(slip.link);
  await expect(office.shown("田沐华")).toBeVisible();
  await shot(office.page, "administrator-opens-the-slip");
  await office.activate(slip.link, PASSPHRASE);
  await office.fillSignIn("T0014", PASSPHRASE);
  await expect(office.heading("开始使用")).toBeVisible();
  await shot(office.page, "an-empty-school");

  await office.page.getByRole("link", { name: /导入教职工名单/ }).click();
  await office.upload("教职工名单", roster.staff);
  await expect(office.stat("有错误")).toHaveText("0");
  await expect(office.stat("班级")).toHaveText("24");
  await expect(office.heading(/文件没有写明的 \d+ 件事/)).toBeVisible();
  await shot(office.page, "staff-preview-with-questions");
  await office.button("导入 65 名教职工").click();
  await expect(office.shown("教职工名单已导入")).toBeVisible({ timeout: 60_000 });
  await expect(office.shown(/个任命待第二人确认/)).toBeVisible();
  await shot(office.page, "staff-imported");

  // Who imported does not confirm; the second administrator does.
  await office.page.getByRole("link", { name: "查看这些任命" }).click();
  await expect(office.heading("待其他人确认")).toBeVisible();
  await expect(office.button("确认任命")).toHaveCount(0);
  await shot(office.page, "posts-wait-for-another");
  const second = new Staff(await visitor(), empty.origin);
  await second.activate(otherSlip.link, PASSPHRASE);
  await second.fillSignIn("T0013", PASSPHRASE);
  await second.page.getByRole("link", { name: /项任命待您确认/ }).click();
  await expect(second.heading("待您确认")).toBeVisible();
  await expect(second.shown("七年级年级组长")).toBeVisible();
  await expect(second.shown(/田沐华于 .* 任命/)).toBeVisible();
  await second.page.getByLabel("全选").check();
  await shot(second.page, "posts-to-confirm");
  await second.button(/^确认 \d+ 项任命$/).click();
  await second.dialog().getByRole("button", { name: "确认任命", exact: true }).click();
  await expect(second.shown("没有待确认的任命")).toBeVisible();
  await office.open("/import");

  await office.upload("学生和家长名单", roster.students);
  await expect(office.stat("新增")).toHaveText("1100");
  await expect(office.stat("班级")).toHaveText("24");
  await expect(office.stat("家长")).toHaveText("1822");
  await expect(office.stat("接收手机号")).toHaveText(String(phones(all)));
  await shot(office.page, "students-preview");
  await office.button("导入 1100 名学生").click();
  await expect(office.shown("学生和家长名单已导入")).toBeVisible({ timeout: 60_000 });
  await office.page.getByRole("link", { name: "查看班级" }).click();
  await expect(office.stat("班级")).toHaveText("24");
  await expect(office.stat("学生")).toHaveText("1100");
  await shot(office.page, "classes");

  await office.open("/staff");
  for (const name of ["潘然书", "陶明远"]) await office.page.getByRole("checkbox", { name }).check();
  await shot(office.page, "staff-list");
  await office.button("签发 2 张开通单").click();
  await office.dialog().getByRole("button", { name: "签发", exact: true }).click();
  await expect(office.heading("开通单 · 1 张")).toBeVisible();
  await expect(office.shown("待第二人确认")).toBeVisible();
  await shot(office.page, "slips");
  const linkOf = async (staff, name) => {
    const paper = staff.page.getByRole("listitem").filter({ hasText: name });
    return (await paper.getByText(/\/activate#/).first().textContent()).trim();
  };
  const teachersLink = await linkOf(office, "潘然书");

  // Who decides gets a link when the second administrator has confirmed it.
  await second.open("/staff");
  await second.button("确认并打印").click();
  await expect(second.heading("开通单 · 1 张")).toBeVisible();
  const headsLink = await linkOf(second, "陶明远");

  // The homeroom teacher writes on a phone.
  const teacher = new Staff(await visitor(), empty.origin);
  await teacher.activate(teachersLink, "梧桐树下的第一堂语文课就要开始了");
  await shot(teacher.page, "account-activated");
  await teacher.fillSignIn("T0018", "梧桐树下的第一堂语文课就要开始了");
  await expect(teacher.heading("潘然书，您好")).toBeVisible();
  await shot(teacher.page, "teacher-home");
  await teacher.compose(NOTICE);
  await expect(teacher.shown(`${own.length} 名学生`)).toBeVisible();
  await expect(teacher.shown(`${phones(own)} 部手机`)).toBeVisible();
  const bubble = teacher.page.getByRole("figure", { name: "家长收到的短信" });
  await expect(bubble).toContainText(NOTICE.title);
  const signed = await bubble.getByRole("paragraph").first().textContent();
  const units = signed.length;
  await expect(bubble).toContainText(units <= 70 ? `${units}/70，1 条` : `${units} 字，按 2 条计费`);
  await expect(teacher.shown("草稿已保存")).toBeVisible();
  await shot(teacher.page, "teacher-writes");
  await teacher.askToSubmit();
  await expect(teacher.dialog().getByText(`将发给 ${phones(own)} 部手机`)).toBeVisible();
  await expect(teacher.dialog()).toContainText("陶明远");
  await expect(teacher.dialog().getByRole("button", { name: "提交", exact: true })).toBeDisabled();
  await shot(teacher.page, "before-submission");
  const path = await teacher.submit();
  await expect(teacher.shown(/等待：.*陶明远/)).toBeVisible();
  const sms = await teacher.page.getByRole("figure", { name: "家长收到的短信" }).getByRole("paragraph").first().textContent();
  await shot(teacher.page, "submitted");

  // The head of year sees what parents will get, and answers for it.
  const head = new Staff(await visitor(), empty.origin);
  await head.activate(headsLink, "七年级三百多个孩子都要平平安安的");
  await head.fillSignIn("T0015", "七年级三百多个孩子都要平平安安的");
  await expect(head.page.getByRole("link", { name: NOTICE.title }).first()).toBeVisible();
  await shot(head.page, "head-of-year-home");
  await head.openWaiting(NOTICE.title);
  await expect(head.shown("本校审批流程")).toBeVisible();
  await expect(head.shown(`${phones(own)} 部手机`)).toBeVisible();
  const page = head.page.getByRole("figure", { name: "点开链接看到的页面" });
  for (const line of NOTICE.body.split("\n\n")) await expect(page).toContainText(line);
  const shown = await head.page.getByRole("figure", { name: "家长收到的短信" }).getByRole("paragraph").first().textContent();
  expect(shown, "approver and drafter see the same SMS").toBe(sms);
  await shot(head.page, "head-of-year-reads");
  await head.button("审批同意").click();
  await expect(head.dialog()).toContainText("谁审批，谁负责");
  await shot(head.page, "head-of-year-approves");
  await head.dialog().getByRole("button", { name: "审批同意", exact: true }).click();
  await expect(head.heading("发送进展")).toBeVisible();

  // It goes out, and every phone has it once.
  await expect.poll(async () => (await empty.sms()).length, { timeout: 30_000 }).toBe(phones(own));
  await expect(head.funnel("已交运营商")).toContainText(String(phones(own)), { timeout: 30_000 });
  await shot(head.page, "it-goes-out");

  // A parent without script, without an account.
  const parent = new Parent(await visitor({ javaScriptEnabled: false }), empty.origin);
  await parent.readSms(guardian.phone, NOTICE.title);
  await shot(parent.page, "sms-on-the-phone");
  const arrived = await parent.page.getByText(NOTICE.title).filter({ visible: true }).last().textContent();
  expect(arrived.split("/m/")[0], "what arrives is what was approved").toBe(shown.split("/m/")[0]);
  await parent.openLink();
  await expect(parent.page.getByText(child.name, { exact: true })).toBeVisible();
  await expect(parent.page.getByRole("heading", { level: 1, name: NOTICE.title })).toBeVisible();
  await expect(parent.page.getByText("· 本班第 1 条通知")).toBeVisible();
  await expect(parent.page.getByText("班主任").first()).toBeVisible();
  await shot(parent.page, "parent-reads");
  await parent.confirm();
  await shot(parent.page, "parent-has-confirmed");

  // The teacher sees who, without reloading.
  await expect(teacher.funnel("已确认")).toContainText(/1/, { timeout: 30_000 });
  await teacher.page.getByRole("group", { name: "按确认情况看" }).getByRole("button", { name: /^已确认/ }).click();
  await expect(teacher.named(child.name)).toContainText(guardian.name);
  await expect(teacher.named(child.name)).toContainText("已确认");
  await shot(teacher.page, "teacher-sees-who-confirmed");
  await teacher.page.getByRole("group", { name: "按确认情况看" }).getByRole("button", { name: /^未确认/ }).click();
  await expect(teacher.named(own[1].name)).toBeVisible();
  await expect(teacher.named(child.name)).toHaveCount(0);
  await shot(teacher.page, "teacher-sees-who-has-not");
  expect(new URL(teacher.page.url()).pathname).toBe(path);

  // One number of this class makes the provider's answer get lost: its receipt
  // tells what became of the batch, and nothing is sent twice.
  await expect(teacher.funnel("已送达")).toContainText(String(phones(own)), { timeout: 30_000 });
  await expect(teacher.page.getByText(/部结果待查/).filter({ visible: true })).toHaveCount(0);
  expect((await empty.sms()).length, "nothing was sent twice").toBe(phones(own));
});
