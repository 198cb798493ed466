// `npm run audit:verify`: checks the audit log from outside the Worker.
//   --state DIR                    a state folder (.state where nothing is named)
//   --origin URL --account T0001   a deployment: signs in, takes an export, checks it; --export names the file that stays
//   --export FILE                  an export that was taken before
// With --secrets FILE (JSON with RECORD_KEY), forged heads of an export are told, too.
import { createInterface } from "node:readline/promises";
import { existsSync, writeFileSync } from "node:fs";
import { Client } from "./lib/client.mjs";
import { Stop, at, main, modernNode, options, say, show, t } from "./lib/base.mjs";

/** All pages of the export; the password comes from XIAOXUN_PASSWORD, or is asked for. */
async function taken({ origin, account }) {
  const client = new Client(origin.replace(/\/+$/, ""));
  let password = process.env.XIAOXUN_PASSWORD;
  if (!password) {
    const asker = createInterface({ input: process.stdin, output: process.stdout });
    password = await asker.question(t(`${account} 的密码：`, `Password of ${account}: `));
    asker.close();
  }
  const told = (e) => {
    throw new Stop(e.message);
  };
  await client.signIn(account, password).catch(told);
  const pages = [];
  for (let from = 0; from !== null; ) {
    const page = await client.get(`/api/audit/export?from=${from}`).catch(told);
    pages.push(page);
    from = page.next ?? null;
    say(t(`  … 已取 ${page.seals.at(-1)?.[0] ?? 0} 条`, `  … ${page.seals.at(-1)?.[0] ?? 0} entries`));
  }
  return pages;
}

await main(async () => {
  await modernNode();
  const chosen = options({ state: "", export: "", secrets: "", origin: "", account: "" });
  const words = [];
  if (chosen.origin) {
    if (!chosen.account) throw new Stop(t("请用 --account 给出教职工号", "Name the staff number with --account"));
    chosen.export ||= `audit-${new Date().toISOString().slice(0, 10)}.json`;
    writeFileSync(chosen.export, JSON.stringify(await taken(chosen)), { mode: 0o600 });
  }
  if (chosen.export) {
    words.push("--export", chosen.export);
    if (chosen.secrets) words.push("--secrets", chosen.secrets);
  } else {
    const folder = chosen.state || at(".state");
    if (!existsSync(folder)) throw new Stop(t(`没有这个目录：${folder}`, `There is no such folder: ${folder}`));
    const { State } = await import("./lib/state.mjs");
    const state = new State(folder);
    words.push("--database", state.databases().d1, "--r2", state.path("data", "v3", "r2"), "--secrets", chosen.secrets || state.path("secrets.json"));
  }
  if (!(await show("cargo", ["run", "--quiet", "-p", "api_tests", "--bin", "audit-verify", "--", ...words]))) {
    throw new Stop(t("日志没有通过核对", "The log did not pass"));
  }
});
