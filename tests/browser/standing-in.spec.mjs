// A head of year who is away says so; the office director decides meanwhile.
import { PASSPHRASE, expect, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

test("who is away records it, and the substitute decides", async ({ demo, visitor }) => {
  const at = async (login) => {
    const staff = new Staff(await visitor(), demo.origin);
    await staff.signIn(login, PASSPHRASE);
    return staff;
  };
  const teacher = await demo.signedIn("T0018");
  const { audience } = (await teacher.get(`/api${await demo.sent({ title: "家长会", body: "本周五19:00召开家长会。" })}`)).draft;
  const title = "秋季运动会";
  const { id } = await teacher.post("/api/messages", { audience, category: "event", title, body: "请准备运动鞋。", send_at: null, reasons: {} });
  await teacher.post(`/api/messages/${id}/submit`, { statement: true });

  const director = await at("T0003");
  await director.open(`/messages/${id}`);
  await expect(director.button("审批同意")).toHaveCount(0);

  const head = await at("T0015");
  await head.open("/mine");
  await head.page.getByRole("link", { name: /请假与代行/ }).click();
  await expect(head.heading("登记请假")).toBeVisible();
  const { now } = await teacher.get("/api/me");
  const until = new Date(now + (8 + 24) * 3_600_000).toISOString().slice(0, 16);
  await head.page.getByLabel("结束时间").fill(until);
  await shot(head.page, "head-records-an-absence");
  await head.button("登记").click();
  await expect(head.button("撤销")).toBeVisible();
  await shot(head.page, "head-is-away");

  await director.open(`/messages/${id}`);
  await expect(director.shown(/请假至.*由校办室主任代为办理/)).toBeVisible();
  await shot(director.page, "director-stands-in");
  await director.decide("审批同意");
  await expect(director.heading("发送进展")).toBeVisible();
});
