// `npm start`: from a fresh clone to a running school, with nothing done by hand.
import { Stop, at, main, modernNode, options, say, seconds, t } from "./lib/base.mjs";

await main(async () => {
  const chosen = options({ port: "8787", state: "", demo: "middle", provider: "sandbox", open: false });
  if (!["none", "middle", "university"].includes(chosen.demo)) {
    throw new Stop(t("--demo 只能是 middle、university 或 none", "--demo is middle, university or none"));
  }
  if (!["sandbox", "aliyun", "tencent"].includes(chosen.provider)) {
    throw new Stop(t("--provider 只能是 sandbox、aliyun 或 tencent", "--provider is sandbox, aliyun or tencent"));
  }
  if (chosen.provider !== "sandbox" && chosen.demo === "none") {
    throw new Stop(t("--provider 用在示范学校中；空学校请在页面上填写短信账号", "--provider is for the demo schools; an empty school enters its account on the page"));
  }
  await modernNode();
  const { build } = await import("./lib/build.mjs");
  const { State } = await import("./lib/state.mjs");
  const { checkPort, endOrphans, serve } = await import("./lib/server.mjs");
  const { PASSPHRASE, loadDemo, schools, setUp } = await import("./lib/demo.mjs");
  const { playWeeks } = await import("./lib/third-week.mjs");
  const { buildGateway, demoSettings, enterAccount, startGateway } = await import("./lib/gateway.mjs");
  const { Client } = await import("./lib/client.mjs");

  const started = Date.now();
  const port = Number(chosen.port);
  // Each demo school keeps its own data, so that one can be left and found again.
  const kind = [chosen.demo !== "middle" && chosen.demo, chosen.provider !== "sandbox" && chosen.provider].filter(Boolean);
  const state = new State(chosen.state || at([".state", ...kind].join("-")));
  await endOrphans(state);
  await checkPort(port);
  await build();

  // A first start that was killed half way begins again.
  const loaded = ["data", "migrations.json", "loading.json", "school.json", "gateway.txt"];
  if (state.read("loading.json")) for (const name of loaded) state.remove(name);
  const origin = `http://127.0.0.1:${port}`;
  const signature = schools[chosen.demo]?.setup.signature;
  const gateway =
    chosen.provider === "sandbox"
      ? undefined
      : await startGateway(
          await buildGateway(),
          state.dir,
          demoSettings({ origin, signature, hookSecret: state.secrets().HOOK_SECRET, journal: state.path("gateway.txt") }),
        );
  // Its secrets are none, and it is on this machine: no relay stands in between.
  const vars = gateway ? { SMS_PROVIDER: chosen.provider, SMS_BASE_URL: gateway.origin } : {};
  const config = state.configure({ origin, vars });
  state.migrate(config);
  const server = await serve({ state, config, port, onError: (message) => console.error(`  ! ${message}`) });

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await server.stop();
    await gateway?.stop();
    say(t("\n已停止。数据保留在 ", "\nStopped. The data stays in ") + state.dir);
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);

  const load = async () => {
    state.write("loading.json", { demo: chosen.demo });
    const { SETUP_KEY } = state.secrets();
    let school;
    if (chosen.demo !== "none") {
      say(t("▸ 载入示范学校（一般需要 30 s）", "▸ Loading the demo school (usually 30 s)"));
      const words = {
        setup: t("学校和两位管理员", "the school and two administrators"),
        staff: t("教职工和任命", "staff and appointments"),
        students: t("班级、学生和家长手机号", "classes, students and parents' phones"),
        accounts: t("示范账号", "demo accounts"),
      };
      const tell = (done) => say(`  ✓ ${words[done]}`);
      school = { accounts: await loadDemo(server.origin, SETUP_KEY, tell, { school: schools[chosen.demo] }) };
      if (gateway) {
        const clients = schools[chosen.demo].administrators.map(() => new Client(server.origin));
        for (const [i, client] of clients.entries()) await client.signIn(schools[chosen.demo].administrators[i].number, PASSPHRASE);
        await enterAccount({ provider: chosen.provider, origin, signature, clients });
        say(t(`  ✓ ${chosen.provider} 的短信账号`, `  ✓ the account with ${chosen.provider}`));
      }
      await playWeeks(server.origin, chosen.demo, gateway && (async () => (await gateway.ledger()).map(({ text }) => text)));
      say(t("  ✓ 各种状态的信息", "  ✓ messages in every state"));
    } else {
      school = { slips: await setUp(server.origin, SETUP_KEY) };
    }
    state.write("school.json", school);
    state.remove("loading.json");
    return school;
  };
  const school =
    state.read("school.json") ??
    (await load().catch(async (e) => {
      await server.stop();
      throw new Stop(t(`学校数据没有载入：${e.message}\n详情见 ${state.path("log.txt")}`, `The school was not loaded: ${e.message}\nMore in ${state.path("log.txt")}`));
    }));

  greet(server.origin, school, PASSPHRASE, gateway);
  say(t(`\n启动用时 ${seconds(Date.now() - started)}。按 Ctrl-C 停止。`, `\nReady after ${seconds(Date.now() - started)}. Ctrl-C stops it.`));
  everyMinute(server);
});

/** Cloudflare fires cron; here nobody else does. */
function everyMinute(server) {
  const fire = () => server.cron().catch((e) => console.error(`  ! ${e.message}`));
  const next = () =>
    setTimeout(() => {
      fire();
      next();
    }, 60_000 - (Date.now() % 60_000));
  fire();
  next();
}

function greet(origin, { accounts, slips }, passphrase, gateway) {
  const line = "─".repeat(64);
  say(`\n${line}`);
  say(t(`校讯已启动         ${origin}`, `Xiaoxun is running      ${origin}`));
  if (gateway) say(t(`短信网关收下的短信 ${gateway.origin}/ledger`, `SMS the gateway took    ${gateway.origin}/ledger`));
  else say(t(`家长的手机（模拟） ${origin}/sandbox`, `The parents' phones     ${origin}/sandbox`));
  if (accounts) {
    say(t("\n示范账号（教职工号 / 姓名 / 岗位）", "\nDemo accounts (staff number / name / post)"));
    for (const { number, name, post, english } of accounts) say(`  ${number}  ${name.padEnd(4, "　")} ${t(post, `${post} · ${english}`)}`);
    say(t(`所有示范账号的密码：${passphrase}`, `Password of every demo account: ${passphrase}`));
  }
  if (slips) {
    say(
      t(
        "\n空学校。请两位管理员各用自己的一次性链接设置密码，然后导入教职工名单：",
        "\nAn empty school. Each of the two administrators sets a password with the own single-use link, then imports the staff file:",
      ),
    );
    for (const { number, name, link } of slips) say(`  ${number} ${name}  ${link}`);
  }
  say(line);
}
