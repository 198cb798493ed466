// What people run into: every refusal says in plain words what is wrong and
// what to do, and nothing is half done.
import { PASSPHRASE, expect, roster, shot, test } from "./fixtures.mjs";
import { Parent, Staff } from "./pages.mjs";

test("signing in: a wrong password, a session that ended, signing out", async ({ demo, visitor }) => {
  const staff = new Staff(await visitor(), demo.origin);
  const { page } = staff;
  await staff.open("/messages?box=mine");
  await expect(staff.heading("教职工登录")).toBeVisible();
  await staff.button("登录").click();
  await expect(page.getByText("请填写密码")).toBeVisible();
  await shot(page, "nothing-filled-in");
  await staff.fillSignIn("T0018", "not-the-password-of-anybody");
  await expect(page.getByText("账号或密码不对")).toBeVisible();
  await expect(page.getByLabel("教职工号或手机号")).toHaveValue("T0018");
  await shot(page, "wrong-password");
  await staff.fillSignIn("T0018", PASSPHRASE);
  await expect(page).toHaveURL(/\/messages\?box=mine$/);
  await expect(page.getByText("您还没有写过通知")).toBeVisible();
  await shot(page, "back-where-it-was-asked-for");

  await page.context().clearCookies();
  await page.getByRole("navigation").getByRole("link", { name: "班级" }).click();
  await expect(page.getByText("登录已过期，请重新登录")).toBeVisible();
  await shot(page, "session-ended");
  await staff.fillSignIn("T0018", PASSPHRASE);
  await expect(page).toHaveURL(/\/classes$/);
  await expect(staff.shown("七年级1班")).toBeVisible();

  await staff.open("/mine");
  await staff.button("退出登录").click();
  await expect(staff.heading("教职工登录")).toBeVisible();
  await expect(page.getByText("登录已过期")).toBeHidden();
  await shot(page, "signed-out");
  await page.goBack();
  await expect(staff.heading("教职工登录")).toBeVisible();
  await expect(page.getByText("潘然书").filter({ visible: true })).toHaveCount(0);
});

test("an activation slip: weak passwords, then used up", async ({ demo, visitor }) => {
  const administrator = await demo.signedIn("T0014");
  const everybody = await administrator.get("/api/staff");
  const { id, name } = everybody.find((one) => one.number === "T0020");
  const { link } = await administrator.post(`/api/staff/${id}/activation`, {});
  const staff = new Staff(await visitor(), demo.origin);
  const { page } = staff;
  await page.goto(link);
  await expect(page.getByText(name)).toBeVisible();
  const refused = (words) => expect(page.getByRole("alert").filter({ hasText: words })).toBeVisible();
  await staff.choosePassword("太短了");
  await refused("密码至少 15 个字符");
  await shot(page, "too-short");
  await staff.choosePassword("aaaaaaaaaaaaaaaaaaaa");
  await refused("密码太简单");
  await staff.choosePassword(PASSPHRASE, `${PASSPHRASE}!`);
  await refused("两次输入的密码不一样");
  await shot(page, "two-passwords-differ");
  await staff.activate(link, PASSPHRASE);

  const again = new Staff(await visitor(), demo.origin);
  await again.page.goto(link);
  await expect(again.shown("这个开通链接已经用过或过期")).toBeVisible();
  await expect(again.page.getByRole("link", { name: "已经开通，去登录" })).toBeVisible();
  await shot(again.page, "slip-is-used");
  await again.open("/activate");
  await expect(again.page.getByLabel("开通码")).toBeVisible();
  await shot(again.page, "half-a-link");
});

test("the content check: what blocks, what is mended, what asks for a reason", async ({ demo, visitor }) => {
  const teacher = new Staff(await visitor(), demo.origin);
  const { page } = teacher;
  await teacher.signIn("T0018", PASSPHRASE);
  await teacher.compose({ category: "日常管理", title: "【重要】放学安排", body: "各位家长：\n\n已后每天17:30放学，请大家扫码加群接收消息。" });
  await expect(page.getByText("必须修改").first()).toBeVisible();
  await expect(page.getByText("请修改或说明").first()).toBeVisible();
  await shot(page, "findings-while-writing");
  await teacher.button("提交报批").click();
  await expect(teacher.dialog()).toBeHidden();
  await expect(page).toHaveURL(/\/messages\/(new|\d+\/edit)$/);
  await expect(page.getByRole("alert").filter({ hasText: /\S/ }).first()).toBeVisible();
  await shot(page, "blocked");

  await teacher.write({ title: "放学时间调整" });
  await teacher.button("改为“以后”").click();
  await expect(page.getByLabel("正文", { exact: true })).toHaveValue(/以后每天/);
  await expect(page.getByText("必须修改")).toHaveCount(0);
  await teacher.button("提交报批").click();
  await expect(teacher.dialog()).toBeHidden();
  await shot(page, "a-reason-is-missing");
  const reason = "班级群已按学校规定备案，仅用于收集照片";
  for (const field of await page.getByLabel("如需保留，请说明理由").all()) await field.fill(reason);
  await teacher.askToSubmit();
  await teacher.submit();

  const head = new Staff(await visitor(), demo.origin);
  await head.signIn("T0015", PASSPHRASE);
  await head.openWaiting("放学时间调整");
  await expect(head.shown(reason)).toBeVisible();
  await shot(head.page, "approver-reads-the-reason");
});

test("a students' file as offices have them: every row's trouble in plain words", async ({ demo, visitor }) => {
  const office = new Staff(await visitor(), demo.origin);
  const { page } = office;
  await office.signIn("T0004", PASSPHRASE);
  await office.open("/import");
  await office.button("上传并预览").click();
  await expect(page.getByText("请先选择名单文件")).toBeVisible();
  await page.getByRole("radio", { name: "学生和家长名单" }).check();
  await page.getByLabel("名单文件").setInputFiles({ name: "名单.xlsx", mimeType: "application/octet-stream", buffer: Buffer.from("PK") });
  await office.button("上传并预览").click();
  await expect(page.getByText("另存为 CSV")).toBeVisible();
  await page.getByLabel("名单文件").setInputFiles({ name: "乱.csv", mimeType: "text/csv", buffer: Buffer.from("甲,乙\n1,2\n") });
  await office.button("上传并预览").click();
  await expect(office.heading("导入后会怎样")).toBeHidden();
  await expect(page.getByText(/缺少|没有.*列|表头/).first()).toBeVisible();
  await shot(page, "not-a-roster");

  await office.upload("学生和家长名单", roster.dirty);
  await expect(page.getByText("GB18030")).toBeVisible();
  await expect(office.stat("有错误")).not.toHaveText("0");
  await expect(office.stat("已自动修正")).not.toHaveText("0");
  await shot(page, "rows-with-trouble");
  const kinds = page.getByRole("group", { name: "按类型筛选" });
  await kinds.getByRole("button", { name: /^已修正/ }).click();
  await expect(page.getByRole("cell", { name: "第 4 行" }).first()).toBeVisible();
  await shot(page, "rows-repaired");
  await kinds.getByRole("button", { name: /^错误/ }).click();
  await expect(page.getByRole("cell", { name: "第 12 行" }).first()).toBeVisible();
  await shot(page, "rows-with-errors");
  // One number stands for another child: it is asked, and nothing is filled in.
  const other = page.getByRole("group", { name: /名单上是 吴曦怡，文件里是 王小明/ });
  await expect(other.getByRole("radio", { checked: true })).toHaveCount(0);
  await other.getByRole("radio", { name: /文件填错了/ }).check();
  await office.button("查看改动").click();
  await expect(page.getByText("手机号变更")).toBeVisible();
  await expect(other).toBeVisible();
  await shot(page, "what-would-change");
  await page.getByRole("button", { name: /^导入 \d+ 名学生$/ }).click();
  await expect(page.getByText("学生和家长名单已导入")).toBeVisible({ timeout: 60_000 });
  await expect(office.stat("未导入（有错误）")).not.toHaveText("0");
  await shot(page, "what-could-be-imported");
});

test("a parents' link that was tampered with opens nothing; looking never confirms", async ({ demo, visitor }) => {
  await demo.sent({ title: "家长会通知", body: "本周五19:00在各班教室召开家长会，请准时参加。" });
  const [sms] = await demo.sms();
  const link = new URL(sms.text.match(/https?:\S+\/m\/[\w-]+/)[0]);
  const page = await visitor({ javaScriptEnabled: false });
  const parent = new Parent(page, demo.origin);
  for (const broken of [forged(link.pathname), "/m/x", `${link.pathname}A`]) {
    const answer = await page.goto(demo.origin + broken);
    expect(answer.status(), broken).toBe(404);
    await expect(page.getByRole("heading", { level: 1, name: "链接打不开" })).toBeVisible();
  }
  await shot(page, "a-forged-link");

  for (let looks = 0; looks < 2; looks += 1) {
    const answer = await page.goto(demo.origin + link.pathname);
    expect(answer.status()).toBe(200);
    expect(answer.headers()["cache-control"]).toContain("no-store");
    await expect(page.getByRole("button", { name: "已阅读，确认收到" })).toBeVisible();
  }
  await page.getByRole("link", { name: "English" }).click();
  await expect(page.getByRole("button", { name: "I have read this" })).toBeVisible();
  await shot(page, "in-english");
  await page.getByRole("link", { name: "中文" }).click();
  await parent.confirm();
  await page.reload();
  await expect(page.getByText("确认时间")).toBeVisible();
  await shot(page, "confirmed-once");
});

/** The same link with one character of its signature changed. */
function forged(path) {
  const at = path.length - 5;
  return path.slice(0, at) + (path[at] === "A" ? "B" : "A") + path.slice(at + 1);
}
