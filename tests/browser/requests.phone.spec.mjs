// The middle school's regulation: a homeroom teacher says which subject
// teachers may write to the class, and a leader hands in to the office what it
// then sends in its own name, in words that the leader agreed to.
import { PASSPHRASE, expect, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

const signIn = (school, visitor) => async (number) => {
  const staff = new Staff(await visitor(), school.origin);
  await staff.signIn(number, PASSPHRASE);
  return staff;
};

test("a homeroom teacher strikes a subject teacher off the class's list, and adds one again", async ({ demo, visitor }) => {
  const at = signIn(demo, visitor);
  const physics = await demo.signedIn("T0042");
  const own = (await (await demo.signedIn("T0018")).get("/api/classes")).find((held) => held.name === "七年级1班");
  const draft = { audience: { kind: "classes", classes: [own.id] }, category: "daily", title: "物理实验课准备", body: "本周物理实验课，请让孩子带直尺。", send_at: null, reasons: {} };
  const { id } = await physics.post("/api/messages", draft);
  await physics.post(`/api/messages/${id}/submit`, { statement: true });

  const homeroom = await at("T0018");
  await homeroom.open(`/classes/${own.id}`);
  const listed = homeroom.page.getByRole("checkbox", { name: /冯海一/ });
  await expect(listed).toBeChecked();
  const changed = () => homeroom.page.waitForResponse((one) => one.url().endsWith("/teachers") && one.ok());
  let answer = changed();
  await listed.uncheck();
  await answer;
  await expect(homeroom.page.getByRole("checkbox", { name: /冯海一/ })).not.toBeChecked();
  await shot(homeroom.page, "struck-off");

  // What is on its way is held; the class is no longer offered.
  const teacher = await at("T0042");
  await teacher.open(`/messages/${id}`);
  await expect(teacher.shown(/暂不发送/)).toBeVisible();
  await shot(teacher.page, "held");
  await teacher.compose({});
  await teacher.page.getByRole("button", { name: /^发给/ }).click();
  await expect(teacher.dialog().getByRole("checkbox", { name: /七年级2班/ })).toHaveCount(1);
  await expect(teacher.dialog().getByRole("checkbox", { name: /七年级1班/ })).toHaveCount(0);

  answer = changed();
  await homeroom.page.getByRole("checkbox", { name: /冯海一/ }).check();
  await answer;
  await teacher.open(`/messages/${id}`);
  await expect(teacher.page.getByRole("heading", { level: 1, name: "物理实验课准备" })).toBeVisible();
  await expect(teacher.page.getByText(/暂不发送/).filter({ visible: true })).toHaveCount(0);
  await teacher.compose({});
  await teacher.address(undefined, [/七年级1班/]);
  await expect(teacher.page.getByRole("button", { name: /^发给/ })).toContainText("七年级1班家长");
});

test("a leader hands in, the office changes the words, asks, and sends in its own name", async ({ demo, visitor }) => {
  const at = signIn(demo, visitor);
  const title = "防震演练";
  const asked = "本周五上午学校举行防震演练，请家长告诉孩子不必惊慌。";
  const written = "各位家长：\n\n本周五上午第三节课学校举行防震演练，听到警报请孩子有序撤离，不必惊慌。";
  const leader = await at("T0002");
  await leader.page.getByRole("navigation").getByRole("link", { name: "报校办室办理" }).click();
  await leader.button("报校办室").click();
  await expect(leader.page.getByRole("alert").filter({ hasText: "请填写标题" }).first()).toBeVisible();
  await leader.page.getByLabel("标题").fill(title);
  await leader.page.getByLabel("正文").fill(asked);
  await leader.page.getByLabel("发给谁").fill("全校家长");
  await leader.button("报校办室").click();
  await expect(leader.heading(title)).toBeVisible();
  await expect(leader.shown("待接办")).toBeVisible();
  await shot(leader.page, "handed-in");

  const clerk = await at("T0004");
  await expect(clerk.shown("1 份来件待校办室接办")).toBeVisible();
  await clerk.page.getByRole("link", { name: "去办理" }).click();
  await clerk.page.getByRole("link", { name: "接办，起草通知" }).click();
  await expect(clerk.page.getByLabel("标题", { exact: true })).toHaveValue(title);
  await expect(clerk.shown(/毛亮婷（副校长）来件，发给：全校家长/)).toBeVisible();
  await clerk.address("全校家长");
  await clerk.write({ category: "重大活动", body: written });
  await clerk.button("保存草稿").click();
  await expect(clerk.shown("草稿已保存")).toBeVisible();
  await shot(clerk.page, "the-office-writes-it-up");
  const draft = new URL(clerk.page.url()).pathname;

  // Changed words do not go out before who asked has agreed.
  await clerk.askToSubmit();
  await clerk.dialog().getByLabel("我对内容的真实性负责").check();
  await clerk.dialog().getByRole("button", { name: "提交", exact: true }).click();
  await expect(clerk.shown(/文字与来件不同/)).toBeVisible();
  await expect(clerk.page).not.toHaveURL(/\/messages\/\d+$/);
  await shot(clerk.page, "not-agreed-yet");
  await clerk.open("/requests");
  await clerk.button("请来件人确认改动").click();
  await expect(clerk.shown("等来件人确认改动")).toBeVisible();
  await leader.open("/");
  await expect(leader.shown("1 份来件的文字改动待您确认")).toBeVisible();
  await expect(leader.page.getByText("没有等您处理的事")).toHaveCount(0);
  await leader.page.getByRole("link", { name: "去办理" }).click();
  await expect(leader.shown(/听到警报请孩子有序撤离/)).toBeVisible();
  await shot(leader.page, "the-changed-words");
  await leader.button("同意改动").click();
  await expect(leader.shown("已答复校办室")).toBeVisible();

  await clerk.open(draft);
  await clerk.askToSubmit();
  const path = await clerk.submit();
  const director = await at("T0003");
  await director.openWaiting(title);
  await director.decide("审核通过");
  const principal = await at("T0001");
  await principal.openWaiting(title);
  const letter = principal.page.getByRole("figure", { name: "点开链接看到的页面" });
  await expect(letter.locator(".m-letter-by")).toContainText("校办室");
  await principal.decide("审批同意", PASSPHRASE);
  await expect(principal.heading("发送进展")).toBeVisible();
  await leader.open("/requests");
  await expect(leader.shown(/发送中|已发送/)).toBeVisible();
  await expect(leader.shown("经办：程佑一")).toBeVisible();
  await shot(leader.page, "what-became-of-it");
  expect(path).toMatch(/^\/messages\/\d+$/);
});
