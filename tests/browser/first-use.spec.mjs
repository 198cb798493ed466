// What a new user stumbles over: where the focus goes, what stands above the
// fold, what is asked before something is lost.
import { PASSPHRASE, expect, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

/** Saves the draft of a window, and waits for what the Worker says to it. */
async function save(page) {
  const answer = page.waitForResponse((one) => one.request().method() === "PUT");
  await page.getByRole("button", { name: "保存草稿" }).click();
  await answer;
}

const isPhone = () => test.info().project.name === "phone";

/** Whether a label can be seen: below the page's heading, above the bar. */
async function expectUncovered(page, locator) {
  await expect(locator).toBeInViewport();
  const [place, head] = [await locator.boundingBox(), await page.locator(".x-page-head").boundingBox()];
  expect(place.y, "below the heading").toBeGreaterThanOrEqual(head.y + head.height - 1);
}

test("writing: the text first, errors where the eye is, nothing asked too late", async ({ demo, visitor }) => {
  const teacher = new Staff(await visitor(), demo.origin);
  const { page } = teacher;
  await teacher.signIn("T0018", PASSPHRASE);
  await teacher.compose({});
  const [title, body] = [page.getByLabel("标题", { exact: true }), page.getByLabel("正文", { exact: true })];
  const box = await body.boundingBox();
  expect(box.y + 160, "some lines of the text above the fold").toBeLessThan(page.viewportSize().height - 60);
  if (isPhone()) await expect(page.getByRole("navigation")).toBeHidden();
  const bar = page.locator(".m-bar-bottom");
  await expect(bar).toBeInViewport();
  expect((await bar.boundingBox()).height, "a slim bar").toBeLessThan(72);
  await shot(page, "nothing-written");

  // Nothing written: the first field has the focus, and its label is seen.
  await teacher.button("提交报批").click();
  await expect(title).toBeFocused();
  await expectUncovered(page, page.getByText("标题", { exact: true }));
  await shot(page, "what-is-missing");

  // A finding that asks for a reason: the box stands in its own row and takes the focus.
  await teacher.write({ category: "日常管理", title: "秋游安排", body: "各位家长：\n\n请于周五前缴费，详见https://www.moe.gov.cn/a。\n\n七年级1班班主任" });
  await expect(page.getByText("会自动署名")).toBeVisible();
  const letter = page.getByRole("figure", { name: "点开链接看到的页面" });
  await expect(letter).toContainText("示范中学");
  await expect(letter).toContainText("打开 www.moe.gov.cn");
  await expect(letter.locator(".m-letter-by")).toContainText("七年级1班班主任");
  await teacher.button("提交报批").click();
  const finding = page.getByRole("listitem").filter({ hasText: "缴费" }).filter({ has: page.getByLabel("如需保留，请说明理由") });
  await expect(finding.getByLabel("如需保留，请说明理由")).toBeFocused();
  await expect(finding.getByRole("alert")).toContainText("说明理由");
  await expect(teacher.dialog()).toBeHidden();
  await shot(page, "a-reason-at-its-finding");
  await finding.getByLabel("如需保留，请说明理由").fill("代收社会实践费用，已经公示");

  // A time that has passed is said before the last question.
  await teacher.button("定时发送").click();
  const time = page.getByLabel("发送时间（北京时间）");
  await time.fill("2020-01-01T08:00");
  await teacher.button("提交报批").click();
  await expect(page.getByRole("alert").filter({ hasText: "定时时间已过" })).toBeVisible();
  await expect(time).toBeFocused();
  await expect(teacher.dialog()).toBeHidden();
  await shot(page, "a-time-that-has-passed");
  await teacher.button("审批通过后立即发送").click();
  await teacher.write({ body: "各位家长：\n\n请于周五前缴费，详见https://www.moe.gov.cn/a。" });
  await expect(page.getByText("会自动署名")).toBeHidden();
  await teacher.button("保存草稿").click();
  await expect(teacher.shown("草稿已保存")).toBeVisible();

  // The same draft in a second window.
  const second = await page.context().newPage();
  await second.goto(page.url());
  await second.getByLabel("标题", { exact: true }).fill("第二个窗口的标题");
  await save(second);
  await title.fill("第一个窗口的标题");
  await save(page);
  await expect(teacher.dialog()).toContainText("第二个窗口的标题");
  await shot(page, "two-windows");
  const kept = page.waitForResponse((one) => one.request().method() === "PUT");
  await teacher.dialog().getByRole("button", { name: "保留我这里的" }).click();
  expect((await kept).status()).toBe(200);
  await expect(teacher.dialog()).toBeHidden();
  await expect(teacher.shown("草稿已保存")).toBeVisible();
  await second.getByLabel("标题", { exact: true }).fill("又改了一次");
  await save(second);
  await expect(second.getByRole("dialog")).toContainText("第一个窗口的标题");
  await second.getByRole("dialog").getByRole("button", { name: "换成那一份" }).click();
  await expect(second.getByLabel("标题", { exact: true })).toHaveValue("第一个窗口的标题");
  await second.close();

  await teacher.askToSubmit();
  await expect(teacher.dialog().getByRole("heading")).toBeFocused();
  await shot(page, "before-submission");
  await teacher.submit();
});

test("deciding: a to-do says so, no keyboard, a stop is told, what came back is found", async ({ demo, visitor }) => {
  const teacher = await demo.signedIn("T0018");
  const own = (await teacher.get("/api/classes")).find((one) => one.name === "七年级1班");
  const draft = { audience: { kind: "classes", classes: [own.id] }, category: "event", title: "秋季运动会安排", body: "10月9日7:30到校，请穿运动鞋。", send_at: null, reasons: {} };
  const { id } = await teacher.post("/api/messages", draft);
  await teacher.post(`/api/messages/${id}/submit`, { statement: true });

  const head = new Staff(await visitor(), demo.origin);
  await head.signIn("T0015", PASSPHRASE);
  await expect(head.page.getByRole("link", { name: /秋季运动会安排.*待您审批/ })).toBeVisible();
  await shot(head.page, "what-waits");
  await head.openWaiting("秋季运动会安排");
  await head.button("审批同意").click();
  await expect(head.dialog().getByRole("heading", { name: "审批同意" })).toBeFocused();
  await expect(head.dialog().getByLabel("意见（可不填）")).toBeHidden();
  await shot(head.page, "no-keyboard");
  await head.dialog().getByRole("button", { name: "取消" }).click();
  await head.button("退回修改").click();
  await expect(head.dialog().getByLabel("退回理由")).toBeFocused();
  await head.dialog().getByLabel("退回理由").fill("日期写错了，应为10月8日7:20");
  await head.dialog().getByRole("button", { name: "退回", exact: true }).click();
  await expect(head.page.getByRole("dialog")).toBeHidden();

  // It is a thing to do for its drafter, also while it is half corrected.
  const writer = new Staff(await visitor(), demo.origin);
  await writer.signIn("T0018", PASSPHRASE);
  const toDo = writer.page.getByRole("navigation").getByText("1 项待办");
  await expect(toDo).toBeAttached();
  await writer.page.getByRole("link", { name: /秋季运动会安排.*待您修改/ }).click();
  await expect(writer.shown("日期写错了，应为10月8日7:20")).toBeVisible();
  await shot(writer.page, "it-came-back");
  await writer.page.getByRole("link", { name: "修改", exact: true }).click();
  await writer.write({ body: "10月8日7:20到校，请穿运动鞋。" });
  await writer.askToSubmit();
  await writer.submit();
  await expect(toDo).toHaveCount(0);

  // Whole numbers are replaced, and approving while all sending is stopped says that it waits.
  const leader = await demo.signedIn("T0001");
  await leader.post("/api/school/stop", { stopped: true, reason: "七年级有一条发错了" });
  await head.openWaiting("秋季运动会安排");
  await expect(head.page.getByRole("deletion")).toHaveText(["9日7:30"]);
  await expect(head.page.getByRole("insertion")).toHaveText(["8日7:20"]);
  await shot(head.page, "what-changed");
  await head.button("审批同意").click();
  await expect(head.dialog()).toContainText("恢复发送后自动发出");
  await expect(head.dialog()).toContainText("七年级有一条发错了");
  await shot(head.page, "all-sending-is-stopped");
  await head.dialog().getByRole("button", { name: "审批同意", exact: true }).click();
  await expect(head.shown("恢复后自动发出")).toBeVisible();
  await writer.open(`/messages/${id}`);
  await expect(writer.shown(/停止发送，恢复后自动接着发/)).toBeVisible();
  await expect(writer.page.getByText("七年级有一条发错了")).toHaveCount(0);
  await shot(writer.page, "the-teacher-is-not-told-why");
});

test("taking back: a draft is deleted, a withdrawn notice is edited again", async ({ demo, visitor }) => {
  const teacher = new Staff(await visitor(), demo.origin);
  const { page } = teacher;
  await teacher.signIn("T0018", PASSPHRASE);
  await teacher.compose({ category: "重大活动", title: "不要的草稿", body: "请准备运动鞋。" });
  await teacher.button("保存草稿").click();
  await expect(teacher.shown("草稿已保存")).toBeVisible();
  await page.getByRole("link", { name: "返回" }).click();
  await page.getByRole("link", { name: /不要的草稿/ }).click();
  await expect(teacher.button("撤回")).toHaveCount(0);
  await teacher.button("删除草稿").click();
  await shot(page, "deleting-a-draft");
  await teacher.dialog().getByRole("button", { name: "删除草稿" }).click();
  await expect(page).toHaveURL(/\/messages\?box=mine$/);
  await expect(page.getByText("不要的草稿").filter({ visible: true })).toHaveCount(0);

  await teacher.compose({ category: "重大活动", title: "写错了的通知", body: "请准备运动鞋。" });
  await teacher.askToSubmit();
  await teacher.submit();
  await teacher.button("撤回").click();
  await expect(teacher.dialog().getByRole("button", { name: "再想想" })).toBeVisible();
  await teacher.dialog().getByRole("button", { name: "撤回" }).click();
  await expect(teacher.shown("已撤回")).toBeVisible();
  await page.getByRole("link", { name: "重新编辑" }).click();
  await expect(page.getByLabel("正文", { exact: true })).toHaveValue("请准备运动鞋。");
  await expect(teacher.shown("这是一条新通知")).toBeVisible();
  await shot(page, "edited-again");
  await teacher.write({ title: "写对了的通知" });
  await teacher.askToSubmit();
  await teacher.submit();
});

test("the office: all classes on top, grades that fold, a way back from every page", async ({ demo, visitor }) => {
  const office = new Staff(await visitor(), demo.origin);
  const { page } = office;
  await office.signIn("T0004", PASSPHRASE);
  await office.compose({});
  await page.getByRole("button", { name: /^发给/ }).click();
  const sheet = office.dialog();
  await expect(sheet.getByRole("checkbox").first()).toHaveAccessibleName(/^全选/);
  await expect(sheet.getByRole("checkbox", { name: /七年级1班/ })).toBeHidden();
  await sheet.getByRole("checkbox", { name: /^七年级/ }).first().check();
  await sheet.getByRole("button", { name: "展开七年级" }).click();
  await sheet.getByRole("checkbox", { name: /七年级1班/ }).uncheck();
  await expect(sheet.getByText("已选 7/8 个班")).toBeVisible();
  await shot(page, "classes-by-grade");
  await sheet.getByRole("button", { name: "完成" }).click();
  await expect(page.getByRole("button", { name: /^发给/ })).toContainText("等 7 个班的家长");
  for (const path of ["/messages?box=mine", "/classes", "/import", "/staff", "/units", "/settings", "/audit", "/mine", "/no-such-page"]) {
    await office.open(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const back = page.getByRole("link", { name: "返回" });
    if (isPhone()) await expect(back, path).toBeVisible();
    else await expect(back, path).toBeHidden();
  }
  await office.open("/settings");
  await expect(office.shown("全天")).toBeVisible();
  if (isPhone()) {
    await page.getByRole("link", { name: "返回" }).click();
    await expect(page).toHaveURL(/\/mine$/);
    await page.getByRole("link", { name: "返回" }).click();
    await expect(office.heading(/，您好$/)).toBeVisible();
    await expect(page.getByRole("link", { name: "返回" })).toHaveCount(0);
  }

  const english = new Staff(await visitor({ locale: "en-GB" }), demo.origin);
  await english.page.context().addCookies(await page.context().cookies());
  await english.open("/staff");
  await expect(english.page.getByRole("heading", { level: 1 })).toBeVisible();
  for (const word of await english.page.getByRole("navigation").getByRole("link").locator("> span:first-of-type").filter({ visible: true }).all()) {
    const lines = await word.evaluate((span) => {
      const range = document.createRange();
      range.selectNodeContents(span);
      return range.getClientRects().length;
    });
    expect(lines, await word.textContent()).toBeLessThanOrEqual((await word.textContent()).split(" ").length);
  }
  await shot(english.page, "in-english");
});

test("a parent sees the confirmation first, also when the link is opened again", async ({ demo, visitor }) => {
  const body = `各位家长：\n\n${"请认真阅读以下安排，并和孩子一起做好准备。\n\n".repeat(30)}详见https://www.moe.gov.cn/a/b?c=1。`;
  await demo.sent({ title: "寒假安排", body });
  const [sms] = await demo.sms();
  const link = demo.origin + new URL(sms.text.match(/https?:\S+\/m\/[\w-]+/)[0]).pathname;
  const page = await visitor();
  await page.goto(link);
  await expect(page.getByRole("link", { name: "https://www.moe.gov.cn/a/b?c=1" })).toHaveAttribute("rel", /noreferrer/);
  await expect(page.getByText("（打开 www.moe.gov.cn）")).toBeVisible();
  await page.getByRole("button", { name: "已阅读，确认收到" }).click();
  await expect(page.getByRole("status")).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("status")).toContainText("确认成功");
  await page.goto(link);
  await expect(page.getByRole("status")).toBeInViewport({ ratio: 1 });
  await shot(page, "confirmed");
});
