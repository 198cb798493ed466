// What happened stays known and can be put right: a wrong file is refused as a
// whole, an import is taken back, and who may look sees what a number was.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { PASSPHRASE, expect, roster, shot, test } from "./fixtures.mjs";
import { Staff } from "./pages.mjs";

const HEAD = "工号,姓名,手机,部门,职务,班主任班级,任教";

const csv = (name, ...lines) => ({ name, mimeType: "text/csv", buffer: Buffer.from([HEAD, ...lines, ""].join("\n")) });

/** The staff file with its names slipped by one row. */
function slipped() {
  const [, ...lines] = readFileSync(roster.staff, "utf8").replace("\uFEFF", "").trim().split(/\r?\n/);
  const cells = lines.map((line) => line.split(","));
  return cells.map((row, at) => [row[0], cells[(at + 1) % cells.length][1], ...row.slice(2)].join(","));
}

test("a file whose numbers belong to other people is refused as the wrong one", async ({ demo, visitor }) => {
  const office = new Staff(await visitor(), demo.origin);
  const { page } = office;
  await office.signIn("T0014", PASSPHRASE);
  await office.open("/import");
  await page.getByRole("radio", { name: "教职工名单" }).check();
  await page.getByLabel("名单文件").setInputFiles(csv("去年的名单.csv", ...slipped()));
  await office.button("上传并预览").click();
  await expect(page.getByText(/这看起来不是要导入的文件：有 \d+ 个号码在名单上是另外的人/)).toBeVisible();
  await expect(office.heading("导入后会怎样")).toBeHidden();
  await shot(page, "the-wrong-file");
  await office.open("/staff/18");
  await expect(office.heading("潘然书")).toBeVisible();
});

test("an import is taken back while nothing depends on it", async ({ demo, visitor }) => {
  const office = new Staff(await visitor(), demo.origin);
  const { page } = office;
  await office.signIn("T0004", PASSPHRASE);
  await office.open("/import");
  await office.upload("教职工名单", csv("新来的.csv", "T0901,欧阳明月,19900000901,校办室,干事,,"));
  await office.button("导入 1 名教职工").click();
  await expect(office.shown("教职工名单已导入")).toBeVisible();
  await office.open("/staff");
  await expect(office.shown("欧阳明月")).toBeVisible();

  await office.open("/import");
  await office.button("撤销这次导入").click();
  await expect(office.dialog()).toContainText("名单恢复到导入之前");
  await shot(page, "before-it-is-taken-back");
  await office.dialog().getByRole("button", { name: "撤销导入", exact: true }).click();
  await expect(office.shown("已撤销这次导入")).toBeVisible();
  await expect(office.shown("已撤销")).toBeVisible();
  await expect(office.button("撤销这次导入")).toHaveCount(0);
  await shot(page, "taken-back");
  await office.open("/staff");
  await expect(office.shown("陶明远")).toBeVisible();
  await expect(page.getByText("欧阳明月").filter({ visible: true })).toHaveCount(0);
});

test("who may look sees what a number was, and that is told as well", async ({ demo, visitor }) => {
  const office = await demo.signedIn("T0004");
  await office.put("/api/staff/18/phone", { phone: "19900000918" });
  const own = (await office.get("/api/classes")).find((held) => held.name === "七年级1班");
  const { students } = await office.get(`/api/classes/${own.id}`);
  const [guardian] = students[0].guardians;

  const administrator = new Staff(await visitor(), demo.origin);
  const { page } = administrator;
  await administrator.signIn("T0014", PASSPHRASE);
  await administrator.open("/audit/staff/18");
  await expect(administrator.shown("查看本身也会记入日志。")).toBeVisible();
  await expect(page.getByText("19900000918")).toHaveCount(0);
  await administrator.button("查看当时的姓名、号码").click();
  await expect(administrator.shown(/手机号：\S+ → \S+/)).toBeVisible();
  await shot(page, "what-the-number-was");
  await administrator.open("/audit");
  await expect(administrator.shown(/查看了潘然书的历史内容/)).toBeVisible();

  // The roll is not an administrator's: of a parent nothing is shown.
  await administrator.open(`/audit/guardian/${guardian.id}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".x-skeleton").filter({ visible: true })).toHaveCount(0);
  await expect(administrator.button("查看当时的姓名、号码")).toHaveCount(0);
  await shot(page, "nothing-of-a-parent");
});
