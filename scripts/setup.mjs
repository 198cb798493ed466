// `npm run setup`: the first step of a real deployment, after `wrangler deploy`.
// Makes the secrets that are missing, opens the school for two people, since
// nobody gives power alone, and prints each administrator's single-use link. Everything can also be given by options.
import { createInterface } from "node:readline/promises";
import { spawnSync } from "node:child_process";
import { Stop, bin, main, modernNode, options, root, say, t } from "./lib/base.mjs";

const QUESTIONS = [
  ["origin", "网址（家长链接的域名），如 https://xx.example.cn", "Address that parents' links lead to, e.g. https://school.example.cn"],
  ["name", "学校全称", "The school's full name"],
  ["signature", "短信签名（已报备，2–12 个字，不带【】）", "SMS signature (registered, 2 to 12 characters, without 【】)"],
  ["word", "本校对平台的叫法：校讯通 或 校信通", "The school's word for it: 校讯通 or 校信通"],
  ["regulation", "开始时采用哪套审批流程：1 中学（年级组长、校办室、校长）或 2 大学（学生处、部门、院系）", "Which approval procedures to begin with: 1 middle school (heads of year, office, principal) or 2 university (student affairs, departments, colleges)"],
  ["admin-1", "第一位管理员：教职工号,姓名", "First administrator: staff number,name"],
  ["admin-2", "第二位管理员：教职工号,姓名（须另一人）", "Second administrator: staff number,name (another person)"],
];

/** The school's regulation by what can be answered. */
const REGULATIONS = { 1: "middle_school", 2: "university", middle_school: "middle_school", university: "university" };

const wrangler = (args, input) =>
  spawnSync(process.execPath, [bin("wrangler"), ...args], { cwd: root, encoding: "utf8", input, env: { ...process.env, WRANGLER_SEND_METRICS: "false" } });

function person(text) {
  const [number, name] = text.split(/[,，]/).map((part) => part.trim());
  if (!number || !name) throw new Stop(t(`请写成“教职工号,姓名”：${text}`, `Write «staff number,name»: ${text}`));
  return { number, name };
}

async function answers(chosen) {
  say(t(
    "学校由两位管理员共同开通：管理岗位一人任命、另一人确认才生效，谁也不能独自授权。请确定两位不同的人。\n",
    "A school is opened by two administrators: a managing post that one of them gives counts once the other has confirmed it, so that nobody gives power alone. Decide on two different people.\n",
  ));
  const asker = createInterface({ input: process.stdin, output: process.stdout });
  const all = {};
  for (const [id, chinese, english] of QUESTIONS) {
    all[id] = (chosen[id] || (await asker.question(`${t(chinese, english)}: `))).trim();
    if (!all[id]) throw new Stop(t(`缺少：${chinese}`, `Missing: ${english}`));
  }
  asker.close();
  if (!REGULATIONS[all.regulation]) throw new Stop(t("审批流程请选 1（中学）或 2（大学）", "Choose 1 (middle school) or 2 (university)"));
  all.regulation = REGULATIONS[all.regulation];
  all.origin = all.origin.replace(/\/+$/, "");
  if (!/^https:\/\//.test(all.origin) && !/^http:\/\/(127\.0\.0\.1|localhost)(:|$)/.test(all.origin)) {
    throw new Stop(t("网址须以 https:// 开头", "The address has to begin with https://"));
  }
  return all;
}

/** Sets the secrets that the deployment does not have; those it has stay as they are. */
function ensureSecrets(fresh) {
  say(t("▸ 1/2 检查密钥（一般需要 20 s）", "▸ 1/2 Looking at the secrets (usually 20 s)"));
  const listed = wrangler(["secret", "list", "--format", "json"]);
  if (listed.status !== 0) {
    throw new Stop(
      t("读不到密钥列表。请先 npx wrangler login，并已部署：npx wrangler deploy", "The secrets cannot be listed. First: npx wrangler login, then npx wrangler deploy") + `\n${listed.stderr}`,
    );
  }
  const have = new Set(JSON.parse(listed.stdout).map((secret) => secret.name));
  for (const [name, value] of Object.entries(fresh)) {
    // The key to open the school is new each time: nobody has to keep it.
    if (have.has(name) && name !== "SETUP_KEY") {
      say(t(`  ✓ ${name} 已有，保持不变`, `  ✓ ${name} is there and stays`));
      continue;
    }
    const put = wrangler(["secret", "put", name], value);
    if (put.status !== 0) throw new Stop(`wrangler secret put ${name}\n${put.stderr}`);
    say(t(`  ✓ ${name} 已生成并保存在 Cloudflare`, `  ✓ ${name} made and kept at Cloudflare`));
  }
}

await main(async () => {
  const chosen = options({
    ...Object.fromEntries(QUESTIONS.map(([id]) => [id, ""])),
    // For a deployment whose secrets are set already: its SETUP_KEY.
    "setup-key": "",
  });
  await modernNode();
  const { freshSecrets } = await import("./lib/state.mjs");
  const { Client } = await import("./lib/client.mjs");
  const all = await answers(chosen);
  const administrators = [person(all["admin-1"]), person(all["admin-2"])];
  if (administrators[0].number === administrators[1].number) {
    throw new Stop(t("两位管理员须是不同的人", "The two administrators have to be different people"));
  }

  const secrets = freshSecrets();
  const key = chosen["setup-key"] || secrets.SETUP_KEY;
  if (!chosen["setup-key"]) ensureSecrets(secrets);

  say(t("▸ 2/2 开通学校", "▸ 2/2 Opening the school"));
  const body = { name: all.name, signature: all.signature, platform_word: all.word, regulation: all.regulation, administrators };
  let slips;
  // A new secret takes a few seconds to reach every place.
  for (let left = 20; ; left--) {
    try {
      ({ slips } = await new Client(all.origin).post("/api/setup", body, { authorization: `Bearer ${key}` }));
      break;
    } catch (e) {
      if (e.status === 409) throw new Stop(t("这所学校已经开通，链接只发一次。管理员可在“教职工”页重新开具。", "This school is open already; the links are given once. An administrator can issue new slips on the staff page."));
      if ((e.status === 401 || e.status === 403) && left > 0) await new Promise((soon) => setTimeout(soon, 3000));
      else throw new Stop(e.message);
    }
  }
  say(t("\n请把下面两条一次性链接分别交给本人（72 小时内有效，各用一次）：\n", "\nHand each of these single-use links to its own person (they work for 72 hours, once):\n"));
  for (const { number, name, link } of slips) say(`  ${number} ${name}\n  ${link}\n`);
  say(t("接下来：一位管理员登录后导入教职工名单，另一位登录后在“任命确认”中核对并确认管理岗位；校办室再导入学生名单。", "Next: one administrator signs in and imports the staff file; the other signs in and confirms the managing posts under «Appointments»; then the office imports the students."));
  say(t("短信：在服务商（阿里云或腾讯云）报备签名和模板，再由两位管理员在“短信账户”页填写并确认，先试运行。要报备的文字就在那一页，步骤见 README。", "SMS: file signature and template with the provider (Alibaba Cloud or Tencent Cloud); then the two administrators enter and confirm the account on the page «SMS account», on trial first. The texts to file stand on that page, the steps in the README."));
});
