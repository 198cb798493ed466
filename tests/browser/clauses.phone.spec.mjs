// The university's regulation as its people live it, clause by clause: who
// sends to whom (三), the chains of school and college (五), and what a
// department goes through before it sends (六).
import { Buffer } from "node:buffer";
import { PASSPHRASE, expect, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

const NOTICE = {
  category: "日常管理",
  title: "宿舍安全检查",
  body: "各位家长：\n\n学校近期检查宿舍安全，请提醒孩子不使用大功率电器。",
};

/** Signs people of a school in, each with a browser of the own. */
const people = (school, visitor) => async (number) => {
  const staff = new Staff(await visitor(), school.origin);
  await staff.signIn(number, PASSPHRASE);
  return staff;
};

test("clause 3: student affairs sends to all students, a college to its own", async ({ university, visitor }) => {
  const at = people(university, visitor);
  const affairs = await at("U0005");
  await affairs.compose({});
  await affairs.page.getByRole("button", { name: /^发给/ }).click();
  for (const college of ["信息学院", "商学院", "文学院", "机电学院"]) {
    await expect(affairs.dialog().getByRole("checkbox", { name: new RegExp(`^${college}2023级`) })).toBeVisible();
  }
  await affairs.dialog().getByRole("checkbox", { name: /^全选/ }).check();
  await expect(affairs.dialog().getByText("2175 名学生").first()).toBeVisible();
  await shot(affairs.page, "all-colleges");
  await affairs.dialog().getByRole("button", { name: "全校家长", exact: true }).click();
  await affairs.dialog().getByRole("button", { name: "完成", exact: true }).click();
  await expect(affairs.page.getByRole("button", { name: /^发给/ })).toContainText("全校家长");
  await expect(affairs.shown(/^2175 名学生/)).toBeVisible();
  await expect(affairs.shown("第五条 校级信息审批")).toBeVisible();

  const college = await at("U0016");
  await college.compose({});
  await college.page.getByRole("button", { name: /^发给/ }).click();
  await expect(college.dialog().getByRole("checkbox", { name: /^信息学院2023级/ }).first()).toBeVisible();
  await expect(college.dialog().getByText(/商学院|文学院|机电学院/)).toHaveCount(0);
  await expect(college.dialog().getByRole("button", { name: "全校家长" })).toHaveCount(0);
  await college.dialog().getByRole("checkbox", { name: /^信息学院2023级/ }).first().check();
  await shot(college.page, "the-own-college");
  await college.dialog().getByRole("button", { name: "完成", exact: true }).click();
  await expect(college.shown("第五条 学院信息审批与备案")).toBeVisible();
  await college.write(NOTICE);
  await college.askToSubmit();
  const path = await college.submit();

  // Another college neither reads it nor writes to these classes.
  const other = await at("U0073");
  await other.open(path);
  await expect(other.shown("没有找到，或您无权查看")).toBeVisible();
  await shot(other.page, "another-college");
  const [own, foreign] = [await university.signedIn("U0016"), await university.signedIn("U0073")];
  const { audience } = (await own.get(`/api${path}`)).draft;
  const draft = { audience, category: "daily", title: NOTICE.title, body: NOTICE.body, send_at: null, reasons: {} };
  await expect(foreign.post("/api/messages", draft)).rejects.toMatchObject({ message: expect.stringMatching(/: (403|404|422) /) });
});

test("clause 5: what the school level sends is reviewed, then approved by the leader in overall charge", async ({ university, visitor }) => {
  const at = people(university, visitor);
  const clerk = await at("U0005");
  // Who sends decides the chain, not to whom.
  await clerk.compose({});
  await clerk.address(undefined, [/^信息学院2023级/]);
  await clerk.write(NOTICE);
  await expect(clerk.shown("审核 · 学生处处长")).toBeVisible();
  await clerk.askToSubmit();
  const path = await clerk.submit();
  await expect(clerk.shown(/等待：.*白豪怡/)).toBeVisible();

  // Neither the deputy in his place, nor the leader before him.
  for (const number of ["U0004", "U0001"]) {
    const early = await at(number);
    await early.open(path);
    await expect(early.page.getByRole("heading", { level: 1, name: NOTICE.title })).toBeVisible();
    await expect(early.button(/审核通过|审批同意/)).toHaveCount(0);
  }
  const head = await at("U0003");
  await head.openWaiting(NOTICE.title);
  await shot(head.page, "the-head-reviews");
  await head.decide("审核通过");
  const leader = await at("U0001");
  await leader.openWaiting(NOTICE.title);
  await leader.decide("审批同意");
  await expect(leader.heading("发送进展")).toBeVisible();
  await shot(leader.page, "the-leader-approved");
  await expect.poll(async () => (await university.sms()).length, { timeout: 30_000 }).toBeGreaterThan(0);
});

test("clause 5: a college decides itself and files with student affairs, which holds nothing", async ({ university, visitor }) => {
  const at = people(university, visitor);
  const counsellor = await at("U0017");
  await counsellor.compose(NOTICE);
  await counsellor.askToSubmit();
  const path = await counsellor.submit();
  const deputy = await at("U0015");
  await deputy.openWaiting(NOTICE.title);
  await deputy.decide("审核通过");
  const dean = await at("U0014");
  await dean.openWaiting(NOTICE.title);
  await dean.decide("审批同意");
  await expect(dean.heading("发送进展")).toBeVisible();

  // It has gone before anybody registered it.
  await expect.poll(async () => (await university.sms()).length, { timeout: 30_000 }).toBeGreaterThan(0);
  const affairs = await at("U0005");
  await affairs.page.getByRole("link", { name: /1 份备案待登记/ }).click();
  await expect(affairs.heading("待登记的备案")).toBeVisible();
  await shot(affairs.page, "filings");
  await affairs.page.getByRole("link", { name: NOTICE.title }).click();
  await expect(affairs.button("退回修改")).toHaveCount(0);
  await expect(affairs.shown(/待登记，.* 前/)).toBeVisible();
  await affairs.button("收到，登记备案").click();
  await expect(affairs.shown("备案已登记")).toBeVisible();
  await expect(affairs.button("收到，登记备案")).toHaveCount(0);
  await shot(affairs.page, "registered");
  await counsellor.open(path);
  await expect(counsellor.shown(/^备〔\d{4}〕1号 · 余瑶泽 .* 登记$/)).toBeVisible();
  await shot(counsellor.page, "the-college-sees-it");
});

test("clause 6: a department applies, hands its signed original in, and its designated sender releases", async ({ university, visitor }) => {
  const at = people(university, visitor);
  const sender = await at("U0009");
  await sender.compose({ audience: "全校家长", ...NOTICE, title: "选课安排", body: "各位家长：\n\n下学期选课将于近期开始，请提醒孩子按时在教务系统选课。" });
  await sender.button("提交报批").click();
  await expect(sender.dialog()).toBeHidden();
  await expect(sender.page.getByRole("alert").filter({ hasText: "使用需求" }).first()).toBeVisible();
  await shot(sender.page, "no-application");
  const { now } = await (await university.signedIn("U0009")).get("/api/me");
  const day = (days) => new Date(now + days * 86_400_000).toISOString().slice(0, 10);
  for (const [label, value] of [
    ["使用需求", "告知家长选课安排"],
    ["发送内容", "选课的时间和办法"],
    ["发送对象", "全体学生家长"],
    ["发送人（指派专人）", "毛东奕"],
    ["使用期限：从", day(0)],
    ["使用期限：到（含当天）", day(30)],
  ]) {
    await sender.page.getByLabel(label).fill(value);
  }
  await shot(sender.page, "the-application");
  await sender.askToSubmit();
  const path = await sender.submit();

  const first = await at("U0008");
  await first.openWaiting("选课安排");
  await expect(first.shown("告知家长选课安排")).toBeVisible();
  await shot(first.page, "the-first-responsible-reviews");
  await first.decide("审核通过");
  const leader = await at("U0002");
  await leader.openWaiting("选课安排");
  await leader.decide("审批同意", PASSPHRASE);
  await expect(leader.shown(/等待学生处登记审批原件/)).toBeVisible();
  await sender.open(path);
  await expect(sender.shown(/请把签字的原件送到学生处/)).toBeVisible();
  await expect(sender.button("发出")).toHaveCount(0);
  await shot(sender.page, "not-before-it-is-registered");

  // Student affairs enters number and scan, and does not send.
  const affairs = await at("U0005");
  await affairs.openWaiting("选课安排");
  const scan = affairs.page.locator("input[name=scan]");
  await scan.setInputFiles({ name: "原件.pdf", mimeType: "application/pdf", buffer: Buffer.from("not a scan") });
  await expect(affairs.page.getByRole("alert").filter({ hasText: /PDF/ }).first()).toBeVisible();
  await scan.setInputFiles({ name: "原件.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n") });
  await expect(affairs.shown("原件.pdf 已上传")).toBeVisible();
  await affairs.page.getByLabel("登记号").fill("教登〔2026〕1号");
  await affairs.page.getByLabel("送交人").fill("毛东奕");
  await affairs.page.getByLabel("原件存放处").fill("学生处档案柜");
  await shot(affairs.page, "number-and-scan");
  await affairs.button("登记").click();
  await expect(affairs.shown("教登〔2026〕1号")).toBeVisible();
  await expect(affairs.button("发出")).toHaveCount(0);
  expect(await university.sms()).toEqual([]);

  await sender.open(path);
  await sender.button("发出").click();
  await shot(sender.page, "the-designated-sender-releases");
  await sender.dialog().getByRole("button", { name: "发出", exact: true }).click();
  await expect(sender.heading("发送进展")).toBeVisible();
  await expect.poll(async () => (await university.sms()).length, { timeout: 30_000 }).toBeGreaterThan(0);
  await shot(sender.page, "it-goes-out");
});
