// A wrong notice is stopped under way, a leader's pause is a leader's, and the
// office sees what is lacking before SMS reach anybody.
import { PASSPHRASE, expect, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

/** A notice of 七年级1班's teacher that is approved while nothing goes out. */
async function approved(demo, title) {
  const [teacher, head, principal] = [await demo.signedIn("T0018"), await demo.signedIn("T0015"), await demo.signedIn("T0001")];
  await principal.post("/api/school/stop", { stopped: true, reason: "演练" });
  const classes = await teacher.get("/api/classes");
  const audience = { kind: "classes", classes: [classes.find((one) => one.name === "七年级1班").id] };
  const draft = { audience, category: "event", title, body: "本周五举行秋季运动会，请让孩子穿运动鞋。", send_at: null, reasons: {} };
  const { id } = await teacher.post("/api/messages", draft);
  const { digest } = await teacher.post(`/api/messages/${id}/submit`, { statement: true });
  await head.post(`/api/messages/${id}/decisions`, { verdict: "approve", digest, reason: "" });
  return { id, principal };
}

test("a wrong notice is stopped, and says what had gone", async ({ demo, visitor }) => {
  const { id } = await approved(demo, "时间写错了");
  const teacher = new Staff(await visitor(), demo.origin);
  const { page } = teacher;
  await teacher.signIn("T0018", PASSPHRASE);
  await teacher.open(`/messages/${id}`);
  await teacher.button("停止发送").click();
  await expect(teacher.dialog()).toContainText("不再发送，不能恢复");
  await shot(page, "what-stopping-does");
  await teacher.dialog().getByRole("button", { name: "停止发送", exact: true }).click();
  await expect(teacher.dialog()).toContainText("请写明停止的理由");
  await teacher.dialog().getByLabel("理由").fill("到校时间写错了");
  await teacher.dialog().getByRole("button", { name: "停止发送", exact: true }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(teacher.shown("已停止发送")).toBeVisible();
  await expect(teacher.shown("到校时间写错了")).toBeVisible();
  await expect(teacher.shown(/停止前已提交 0 部/)).toBeVisible();
  await shot(page, "stopped");
});

test("what a leader paused a leader resumes", async ({ demo, visitor }) => {
  const { id, principal } = await approved(demo, "先停一停");
  await principal.post(`/api/messages/${id}/pause`, {});
  const teacher = new Staff(await visitor(), demo.origin);
  await teacher.signIn("T0018", PASSPHRASE);
  await teacher.open(`/messages/${id}`);
  await expect(teacher.shown("须由校长恢复")).toBeVisible();
  await expect(teacher.button("继续发送")).toHaveCount(0);
  await shot(teacher.page, "a-leaders-pause");

  const leader = new Staff(await visitor(), demo.origin);
  await leader.signIn("T0001", PASSPHRASE);
  await leader.open(`/messages/${id}`);
  await leader.button("继续发送").click();
  await expect(leader.shown("发送中")).toBeVisible();
});

test("the office sees what is lacking", async ({ demo, visitor }) => {
  const office = new Staff(await visitor(), demo.origin);
  await office.signIn("T0004", PASSPHRASE);
  await office.page.getByRole("link", { name: /发送准备还差/ }).click();
  await expect(office.heading("发送准备")).toBeVisible();
  await expect(office.shown("教职工账号")).toBeVisible();
  await expect(office.shown(/人还没有开通/)).toBeVisible();
  await shot(office.page, "what-is-lacking");
});
