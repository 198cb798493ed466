// The stand-in for both SMS providers (tests/gateway), on loopback, and a demo
// school's account with it.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stop, at, step, t } from "./base.mjs";
import { targetFolder } from "./compile.mjs";

/** Builds it, and says where it is. */
export async function buildGateway() {
  await step({
    title: t("编译短信网关（测试与演示用）", "Compiling the SMS gateway (for tests and the demo)"),
    usual: t("首次 1 分钟", "1 min the first time"),
    command: "cargo",
    args: ["build", "--package", "gateway", "--features", "gateway/serve", "--bin", "gateway"],
    count: /Compiling /g,
    unit: "crates",
  });
  return join(targetFolder(), "debug", "gateway");
}

/**
 * What the providers know of a school: an account with each, whose secrets are
 * none. `wordings` are the templates' codes and texts, with `${name}` for what
 * differs.
 */
export function accounts({ signature, wordings }) {
  const numbered = (text) => {
    let n = 0;
    return text.replace(/\$\{\w+\}/g, () => `{${++n}}`);
  };
  const signatures = [{ name: signature }];
  return [
    {
      provider: "aliyun",
      id: "demo-access-key-id",
      secret: "demo-access-key-secret",
      signatures,
      templates: wordings.map(({ aliyun, text }) => ({ code: aliyun, wording: text })),
    },
    {
      provider: "tencent",
      id: "demo-secret-id",
      secret: "demo-secret-key",
      app_id: "1400006666",
      signatures,
      templates: wordings.map(({ tencent, text }) => ({ code: tencent, wording: numbered(text) })),
    },
  ];
}

/** The template of the notices, as it is filed: in domain/src/sms.rs, with the fixed part of the links. */
const notice = (origin) => ({ aliyun: "SMS_465000001", tencent: "2100001", text: `\${title}，请点开查看并确认： ${origin}/m/\${token}` });

/** What numbers do, by their last digits, as in the sandbox (domain/src/sandbox.rs). */
const NUMBERS = [
  ["001", { does: "refused" }],
  ["002", { does: "undelivered" }],
  ["003", { does: "no_receipt" }],
  ["004", { does: "late", ms: 120_000 }],
  ["005", { does: "held_taken" }],
  ["006", { does: "held_absent_once" }],
];

/** Settings for a demo school at `origin`; what was taken stays in the journal. */
export function demoSettings({ origin, signature, hookSecret, journal }) {
  return {
    config: { accounts: accounts({ signature, wordings: [notice(origin)] }), hook_secret: hookSecret },
    script: { latency_ms: [10, 60], receipts: { after_ms: [500, 4000] }, numbers: NUMBERS },
    hooks: new URL(origin).host,
    journal,
  };
}

/** Enters the account as an office would: one administrator proposes it, the other confirms. */
export async function enterAccount({ provider, origin, signature, clients: [first, second] }) {
  const account = accounts({ signature, wordings: [notice(origin)] }).find((one) => one.provider === provider);
  const { proposed } = await first.post("/api/sms-account", {
    behind: 0,
    provider,
    trial: false,
    signature,
    signature_state: "approved",
    templates: [{ name: "notice_link", version: 1, code: account.templates[0].code, state: "approved" }],
    price: 45,
    credentials: { id: account.id, secret: account.secret, app_id: account.app_id ?? "", region: provider === "tencent" ? "ap-guangzhou" : "" },
  });
  await second.post(`/api/sms-account/${proposed.version}/confirm`, {});
}

/** Starts it with these settings (`Settings` in tests/gateway/src/main.rs), which are kept in a file of `folder`. */
export async function startGateway(program, folder, settings) {
  const file = join(folder, "gateway.json");
  writeFileSync(file, JSON.stringify({ listen: "127.0.0.1:0", ...settings }, null, 2), { mode: 0o600 });
  const child = spawn(program, [file], { cwd: at(), stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((end) => child.once("exit", end));
  const leave = () => child.kill();
  process.on("exit", leave);
  const first = await new Promise((read, failed) => {
    let text = "";
    child.stdout.on("data", (data) => (text += data).includes("\n") && read(text));
    child.once("error", failed);
    child.once("exit", (code) => failed(new Stop(t(`短信网关没有启动（${code}）`, `The SMS gateway did not start (${code})`))));
  });
  const address = JSON.parse(first).listening;
  const origin = `http://${address}`;
  const post = async (path, body) => {
    const answer = await fetch(origin + path, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  };
  return {
    origin,
    address,
    pid: child.pid,
    /** Every SMS that it ever took. */
    ledger: async () => (await fetch(`${origin}/ledger`)).json(),
    /** A parent answers by SMS. */
    reply: (phone, text) => post("/reply", { phone, text }),
    /** What happens to the next calls: `{ submits: [{ does: "drop_after" }], questions: [] }`. */
    faults: (faults) => post("/faults", faults),
    async stop() {
      process.off("exit", leave);
      child.kill();
      await ended;
    },
  };
}
