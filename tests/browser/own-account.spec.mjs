// One's own account: a new password, a device that is signed out, and a slip
// for somebody who is active, which takes two people and is told to its owner.
import { PASSPHRASE, expect, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

const OTHER = "梧桐树下的第一堂语文课就要开始了";

test("the own password is changed, and other devices are signed out", async ({ demo, visitor }) => {
  const phone = new Staff(await visitor(), demo.origin);
  const desk = new Staff(await visitor(), demo.origin);
  for (const staff of [phone, desk]) await staff.signIn("T0019", PASSPHRASE);
  await phone.open("/mine");
  await phone.page.getByRole("link", { name: "密码与登录设备" }).click();
  await expect(phone.shown("本机")).toBeVisible();
  await shot(phone.page, "password-and-devices");

  const fields = phone.page.getByLabel("新密码");
  await phone.page.getByLabel("现在的密码").fill(PASSPHRASE);
  await fields.fill("passwordpassword");
  await phone.page.getByLabel("再输入一次").fill("passwordpassword");
  await phone.button("修改密码").click();
  await expect(phone.page.getByRole("alert").filter({ hasText: "密码太简单" })).toBeVisible();
  await shot(phone.page, "a-weak-password");

  // What is typed blind can be looked at.
  await fields.fill(OTHER);
  await expect(fields).toHaveAttribute("type", "password");
  await phone.page.getByRole("button", { name: "显示" }).nth(1).click();
  await expect(fields).toHaveAttribute("type", "text");
  await phone.page.getByLabel("再输入一次").fill(OTHER);
  await phone.button("修改密码").click();
  await expect(phone.shown("密码已修改，其他设备上的登录已退出")).toBeVisible();

  await desk.open("/");
  await expect(desk.page).toHaveURL(/\/sign-in/);
  await desk.signIn("T0019", OTHER);
  await phone.page.reload();
  await phone.button("退出其他所有设备").click();
  await expect(phone.shown("其他设备都已退出")).toBeVisible();
  await desk.open("/");
  await expect(desk.page).toHaveURL(/\/sign-in/);
});

test("a slip for somebody who is active takes two people, and its owner is told", async ({ demo, visitor }) => {
  const api = await demo.signedIn("T0004");
  const { id, name } = (await api.get("/api/staff")).find((one) => one.number === "T0016");
  const ordered = await api.post(`/api/staff/${id}/activation`, {});
  expect(ordered).toMatchObject({ waits: true, link: "" });

  const clerk = new Staff(await visitor(), demo.origin);
  await clerk.signIn("T0004", PASSPHRASE);
  await clerk.open("/staff");
  await expect(clerk.shown("须由另一人确认")).toBeVisible();
  await expect(clerk.button("确认并打印")).toHaveCount(0);

  const admin = new Staff(await visitor(), demo.origin);
  await admin.signIn("T0014", PASSPHRASE);
  await admin.open("/staff");
  await shot(admin.page, "a-slip-waits");
  await admin.button("确认并打印").click();
  await expect(admin.heading("开通单 · 1 张")).toBeVisible();
  await expect(admin.page.getByRole("img", { name: "开通链接的二维码" })).toBeVisible();
  await shot(admin.page, "a-slip-with-its-code");
  const code = (await admin.page.getByText(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/).textContent()).trim();

  // Typed by hand, in small letters and without dashes.
  const owner = new Staff(await visitor(), demo.origin);
  await owner.open("/activate");
  await owner.page.getByLabel("开通码").fill(code.toLowerCase().replaceAll("-", " "));
  await owner.button("下一步").click();
  await expect(owner.shown(name)).toBeVisible();
  await shot(owner.page, "a-code-was-typed");
  await owner.choosePassword(OTHER);
  await expect(owner.page.getByText("账号已开通，请用新密码登录")).toBeVisible();
  await owner.fillSignIn("T0016", OTHER);
  await expect(owner.shown(/凭开通单重设/)).toBeVisible();
  await shot(owner.page, "its-owner-is-told");
  await owner.button("不是我").click();
  await expect(owner.shown(/您已报告不是本人重设/)).toBeVisible();
  await admin.open("/staff");
  await expect(admin.shown("本人否认")).toBeVisible();
  await shot(admin.page, "an-owner-reported-it");
});
