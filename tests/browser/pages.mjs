// The product as people meet it: page objects that find everything by role,
// label and words, as a person or a screen reader does.
import { expect } from "@playwright/test";

/** The staff app, open on one person's screen. */
export class Staff {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
  }

  button = (name) => this.page.getByRole("button", { name, exact: typeof name === "string" });
  heading = (name) => this.page.getByRole("heading", { name });
  /** Words that can be seen now, wherever they stand; a closed dialog keeps its own. */
  shown = (words) => this.page.getByText(words).filter({ visible: true }).first();
  dialog = () => this.page.getByRole("dialog");

  /** A number with its name, as in «新增 65». */
  stat(label) {
    const term = this.page.getByRole("term").filter({ hasText: new RegExp(`^${label}$`) });
    return term.locator("xpath=..").getByRole("definition");
  }

  async open(path) {
    await this.page.goto(this.origin + path);
  }

  async fillSignIn(login, password) {
    await this.page.getByLabel("教职工号或手机号").fill(login);
    await this.page.getByLabel("密码").fill(password);
    await this.button("登录").click();
  }

  async signIn(login, password) {
    await this.open("/sign-in");
    await this.fillSignIn(login, password);
    await expect(this.heading(/，您好$/)).toBeVisible();
  }

  /** Opens a slip's link and chooses a password. */
  async activate(link, password) {
    await this.page.goto(link);
    await this.choosePassword(password);
    await expect(this.page.getByText("账号已开通，请用新密码登录")).toBeVisible();
  }

  async choosePassword(password, again = password) {
    await this.page.getByLabel("设置密码").fill(password);
    await this.page.getByLabel("再输入一次").fill(again);
    await this.button("开通账号").click();
  }

  /** Chooses a file and looks at the preview. */
  async upload(kind, file) {
    await this.page.getByRole("radio", { name: kind }).check();
    await this.page.getByLabel("名单文件").setInputFiles(file);
    await this.button("上传并预览").click();
    await expect(this.heading("导入后会怎样")).toBeVisible();
  }

  async compose({ audience, classes = [], category, title, body }) {
    await this.open("/messages/new");
    await expect(this.heading("写通知")).toBeVisible();
    if (audience || classes.length > 0) await this.address(audience, classes);
    await this.write({ category, title, body });
  }

  /** Chooses to whom, in the sheet behind the line on top. */
  async address(audience, classes = []) {
    await this.page.getByRole("button", { name: /^发给/ }).click();
    const sheet = this.dialog();
    if (audience) await sheet.getByRole("button", { name: audience, exact: true }).click();
    for (const name of classes) await sheet.getByRole("checkbox", { name }).check();
    await sheet.getByRole("button", { name: "完成", exact: true }).click();
    await expect(sheet).toBeHidden();
  }

  async write({ category, title, body }) {
    if (category) await this.page.getByLabel("内容类别").selectOption({ label: category });
    if (title !== undefined) await this.page.getByLabel("标题", { exact: true }).fill(title);
    if (body !== undefined) await this.page.getByLabel("正文", { exact: true }).fill(body);
  }

  /** Asks for the last question before submission. */
  async askToSubmit() {
    await this.button("提交报批").click();
    await expect(this.dialog()).toBeVisible();
  }

  /** Answers it: the statement is accepted, the notice is submitted. */
  async submit() {
    await this.dialog().getByLabel("我对内容的真实性负责").check();
    await this.dialog().getByRole("button", { name: "提交", exact: true }).click();
    await expect(this.page).toHaveURL(/\/messages\/\d+$/);
    return new URL(this.page.url()).pathname;
  }

  /** Opens what waits for this person, as the start page offers it. */
  async openWaiting(title) {
    await this.open("/messages?box=waiting");
    await this.page.getByRole("link", { name: title }).first().click();
    await expect(this.page.getByRole("heading", { level: 1, name: title })).toBeVisible();
  }

  /** `审核通过` or `审批同意`, asked once more in a dialog; the last one over many phones with the password. */
  async decide(verdict, password) {
    await this.button(verdict).click();
    if (password) await this.dialog().getByLabel("再输入一次您的密码").fill(password);
    await this.dialog().getByRole("button", { name: verdict, exact: true }).click();
    await expect(this.page.getByRole("dialog")).toBeHidden();
  }

  async sendBack(reason) {
    await this.button("退回修改").click();
    await this.dialog().getByLabel("退回理由").fill(reason);
    await this.dialog().getByRole("button", { name: "退回", exact: true }).click();
    await expect(this.page.getByRole("dialog")).toBeHidden();
  }

  /** A step of the funnel, such as «已送达»: the item with its number. */
  funnel = (label) => this.page.getByRole("listitem").filter({ hasText: new RegExp(`^${label}`) }).first();

  /** A person's line in the named list. */
  named = (name) => this.page.getByRole("listitem").filter({ has: this.page.getByText(name, { exact: true }) }).first();
}

/** A parent with a phone on which nothing but the SMS arrives. */
export class Parent {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
  }

  /** Looks a number up on the pretend telephones and opens its thread. */
  async readSms(phone, text) {
    await this.page.goto(`${this.origin}/sandbox`);
    await this.page.getByRole("textbox", { name: /按号码查找/ }).fill(phone.slice(-4));
    await this.page.getByRole("button", { name: "查找" }).click();
    await this.page.getByRole("link", { name: phone }).click();
    await expect(this.page.getByRole("heading", { level: 2, name: phone })).toBeVisible();
    await expect(this.page.getByText(text).filter({ visible: true }).first()).toBeVisible();
  }

  /** Taps the newest link in the thread. */
  async openLink() {
    await this.page.getByRole("link", { name: /\/m\// }).last().click();
    await expect(this.page).toHaveURL(/\/m\//);
  }

  async confirm() {
    await this.page.getByRole("button", { name: "已阅读，确认收到" }).click();
    await expect(this.page.getByRole("status")).toContainText("确认成功");
  }
}
