// People leave and numbers change: a number that is corrected while a notice
// waits, and a homeroom teacher who leaves with one on its way.
import { PASSPHRASE, expect, families, shot, test } from "./fixtures.mjs";
import { Parent, Staff } from "./pages.mjs";

const NOTICE = { title: "秋季运动会安排", body: "本周五举行秋季运动会，请让孩子穿运动鞋到校。", category: "event", send_at: null, reasons: {} };

/** A notice of 七年级1班's homeroom teacher, waiting for the head of year; its path. */
async function waiting(demo) {
  const teacher = await demo.signedIn("T0018");
  const own = (await teacher.get("/api/classes")).find((one) => one.name === "七年级1班");
  const audience = { kind: "classes", classes: [own.id] };
  const { id } = await teacher.post("/api/messages", { ...NOTICE, audience });
  await teacher.post(`/api/messages/${id}/submit`, { statement: true });
  return { path: `/messages/${id}`, class: own.id };
}

test("a number changed between submission and release is seen, and the old one is nobody's", async ({ demo, visitor }) => {
  const notice = await waiting(demo);
  const [child] = families().filter((family) => family.className === "七年级1班");
  const [guardian] = child.guardians;

  const teacher = new Staff(await visitor(), demo.origin);
  await teacher.signIn("T0018", PASSPHRASE);
  await teacher.open(`/classes/${notice.class}`);
  await teacher.page.getByRole("link", { name: "核对名册" }).click();
  const row = teacher.page.getByRole("listitem").filter({ hasText: child.name }).first();
  await shot(teacher.page, "the-roll-is-put-right");
  await row.getByRole("button", { name: "换号码" }).first().click();
  await teacher.dialog().getByLabel("新手机号").fill("19900000009");
  await shot(teacher.page, "another-number");
  await teacher.dialog().getByRole("button", { name: "更换号码", exact: true }).click();
  await expect(row.getByText("199******09")).toBeVisible();

  const head = new Staff(await visitor(), demo.origin);
  await head.signIn("T0015", PASSPHRASE);
  await head.open(notice.path);
  await expect(head.shown("报批后有 1 个接收号码更换")).toBeVisible();
  await shot(head.page, "the-approver-sees-the-change");
  await head.decide("审批同意");
  await expect.poll(async () => (await demo.sms()).some((sms) => sms.phone === "19900000009"), { timeout: 30_000 }).toBe(true);
  expect((await demo.sms()).some((sms) => sms.phone === guardian.phone && !child.guardians.slice(1).some((g) => g.phone === sms.phone))).toBe(false);

  // Whoever has the new number says that it is not theirs.
  const stranger = new Parent(await visitor({ javaScriptEnabled: false }), demo.origin);
  await stranger.readSms("19900000009", NOTICE.title);
  await stranger.openLink();
  await stranger.page.getByText("这不是我的号码？").click();
  await shot(stranger.page, "not-my-number");
  await stranger.page.getByRole("button", { name: "这不是我的号码" }).click();
  await expect(stranger.page.getByRole("heading", { name: "此链接已不属于您" })).toBeVisible();
  await shot(stranger.page, "no-longer-yours");
  await teacher.open("/");
  await teacher.page.getByRole("link", { name: "去核实" }).click();
  await expect(teacher.shown(child.name)).toBeVisible();
  await shot(teacher.page, "numbers-in-question");
});

test("a homeroom teacher leaves with a notice on its way", async ({ demo, visitor }) => {
  const notice = await waiting(demo);
  const office = new Staff(await visitor(), demo.origin);
  await office.signIn("T0004", PASSPHRASE);
  await office.open("/staff");
  await office.page.getByRole("listitem").filter({ hasText: "T0018" }).getByRole("link", { name: "办理" }).click();
  await office.button("办理离校").click();
  await expect(office.dialog().getByText("暂不发送的通知")).toBeVisible();
  await shot(office.page, "what-follows");
  await office.dialog().getByRole("button", { name: "确认离校", exact: true }).click();
  await expect(office.heading("待补的岗位")).toBeVisible();
  await shot(office.page, "left-and-vacant");

  const head = new Staff(await visitor(), demo.origin);
  await head.signIn("T0015", PASSPHRASE);
  await head.open(notice.path);
  await expect(head.shown("暂不发送：起草人已不在发送所用的岗位上")).toBeVisible();
  await head.decide("审批同意");
  await expect(head.shown("已批准，暂不发送")).toBeVisible();
  await expect(head.shown("已批准，待发送")).toBeVisible();
  await shot(head.page, "held");
  expect(await demo.sms()).toEqual([]);
});
