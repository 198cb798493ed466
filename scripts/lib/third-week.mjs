// What has been going on in a demo school when a visitor looks in: messages in
// every state, written, approved and answered through the public API like any
// other, so that nobody has to imagine what a page looks like in use.
import { PASSPHRASE, confirmWaiting } from "./demo.mjs";
import { Client } from "./client.mjs";

const DAY = 86_400_000;

/** The people of a school at work; each signs in when first needed. */
class Week {
  constructor(origin, texts) {
    this.origin = origin;
    this.texts = texts;
    this.people = new Map();
  }

  async as(number) {
    if (!this.people.has(number)) {
      const client = new Client(this.origin);
      await client.signIn(number, PASSPHRASE);
      this.people.set(number, client);
    }
    return this.people.get(number);
  }

  async classes(number, ...names) {
    const all = await (await this.as(number)).get("/api/classes");
    const called = (held) => [held.name, `${held.path.join("")}${held.name}`, `${held.path[0]}${held.name}`];
    return names.map((name) => all.find((held) => called(held).includes(name)).id);
  }

  async draft(number, audience, category, title, body, more = {}) {
    const { id } = await (await this.as(number)).post("/api/messages", { audience, category, title, body, reasons: {}, ...more });
    return id;
  }

  /** Writes and submits. */
  async submit(number, ...draft) {
    const id = await this.draft(number, ...draft);
    await (await this.as(number)).post(`/api/messages/${id}/submit`, { statement: true });
    return id;
  }

  async decide(id, number, verdict = "approve", reason = "") {
    const client = await this.as(number);
    const { digest } = await client.get(`/api/messages/${id}`);
    return client.post(`/api/messages/${id}/decisions`, { verdict, digest, reason, password: PASSPHRASE });
  }

  async approve(id, ...deciders) {
    for (const number of deciders) await this.decide(id, number);
    return id;
  }

  async order(number, id, what, body = {}) {
    return (await this.as(number)).post(`/api/messages/${id}/${what}`, body);
  }

  /**
   * A student society with its teacher, given by one administrator and confirmed by another, who did not open that
   * account; the teacher's appointment.
   */
  async society(college, name, number, [admin, second]) {
    const [one, other] = [await this.as(admin), await this.as(second)];
    const parent = (await one.get("/api/units")).find((unit) => unit.name === college).id;
    const unit = (await one.post("/api/units", { parent, kind: "society", name })).find((made) => made.name === name).id;
    const staff = (await one.get("/api/staff")).find((member) => member.number === number).id;
    await one.post("/api/appointments", { staff, post: "society_teacher", unit });
    await confirmWaiting(other);
    const { person } = await (await this.as(number)).get("/api/me");
    return person.appointments.find(({ post }) => post === "society_teacher").id;
  }

  /** Changes what a draft says. */
  async change(number, id, changes) {
    const client = await this.as(number);
    const { draft } = await client.get(`/api/messages/${id}`);
    await client.put(`/api/messages/${id}`, { ...draft, ...changes });
  }

  /** Begins the correction of a message that went out, and submits it with other words. */
  async correct(number, id, changes) {
    const { id: correction } = await this.order(number, id, "correct", {});
    await this.change(number, correction, changes);
    await this.order(number, correction, "submit", { statement: true });
    return correction;
  }

  /** A class and one of its children, by their place on the roll. */
  async child(number, name, place) {
    const [held] = await this.classes(number, name);
    const { students } = await (await this.as(number)).get(`/api/classes/${held}`);
    return { kind: "children", class: held, students: [students[place].id] };
  }

  /** Keeps a wording for the unit of one's first post that sends. */
  async template(number, title, body, category) {
    const client = await this.as(number);
    const { person } = await client.get("/api/me");
    for (const { unit } of person.appointments) {
      try {
        return await client.post("/api/templates", { unit, title, body, category });
      } catch (refused) {
        if (refused.status !== 422) throw refused;
      }
    }
    throw new Error(`${number} sends for no unit`);
  }

  /** Hands something in to the office; its id. */
  async handIn(number, title, body, whom, note = "") {
    const { requests } = await (await this.as(number)).post("/api/requests", { title, body, whom, wanted_at: null, note });
    return requests.find((one) => one.asked.title === title).id;
  }

  /** The signed original comes to the register's desk: its scan and its number. */
  async register(number, id, original) {
    const client = await this.as(number);
    const { sha256 } = await client.request("POST", `/api/messages/${id}/scan`, new Uint8Array(scan(original.number)));
    return client.post(`/api/messages/${id}/registration`, { ...original, document: sha256 });
  }

  /** Waits until the provider was called for all of a message. */
  async sent(number, id) {
    const client = await this.as(number);
    for (let left = 960; left > 0; left--) {
      const { phones, waiting } = await client.get(`/api/messages/${id}/funnel`);
      if (phones > 0 && waiting === 0) return;
      await new Promise((soon) => setTimeout(soon, 250));
    }
    throw new Error(`message ${id} was not sent within four minutes`);
  }

  /** So many of its parents open their link and confirm. */
  async confirm(title, count) {
    const texts = (await this.texts()).filter((text) => text.includes(title));
    for (const text of texts.slice(0, count)) {
      const link = /\/m\/[\w-]+/.exec(text)?.[0];
      if (!link) continue;
      await fetch(this.origin + link);
      await fetch(this.origin + link, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/x-www-form-urlencoded", origin: this.origin, "sec-fetch-site": "same-origin" },
        body: "action=confirm",
      });
    }
  }
}

/** A page that stands for the scan of a signed original: a PDF of one line. */
function scan(line) {
  const content = `BT /F1 18 Tf 72 740 Td (Signed original ${line.replace(/[^\x20-\x7e]|[()\\]/g, "")}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let text = "%PDF-1.4\n";
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, "0")} 00000 n \n`;
  });
  const table = text.length;
  return Buffer.from(`${text}xref\n0 6\n0000000000 65535 f \n${places.join("")}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`);
}

const weeks = {
  async middle(week) {
    const [first] = await week.classes("T0018", "七年级1班");
    const [second] = await week.classes("T0019", "七年级2班");
    const [eighth] = await week.classes("T0026", "八年级1班");
    const to = (...classes) => ({ kind: "classes", classes });

    const safety = await week.submit("T0004", { kind: "all_guardians" }, "daily", "冬季交通安全提醒", "各位家长：\n\n冬季天亮得晚，请提醒孩子上下学走斑马线、不追跑打闹，骑电动车接送请为孩子戴好头盔。感谢您的配合。");
    await week.approve(safety, "T0003", "T0001");
    const meeting = await week.submit("T0018", to(first), "event", "家长会安排", "各位家长：\n\n本学期家长会在本班教室举行，请带上孩子的成长手册。如不能到会，请提前告诉班主任。");
    await week.approve(meeting, "T0015");
    await week.sent("T0004", safety);
    await week.sent("T0018", meeting);
    await week.confirm("冬季交通安全提醒", 40);
    await week.confirm("家长会安排", 51);

    // What went out wrong is put right by a notice of its own, and one family hears about its own child alone.
    const moved = await week.correct("T0018", meeting, { title: "更正：家长会改在报告厅", body: "各位家长：\n\n家长会地点由本班教室改为学校报告厅，时间不变，请带上孩子的成长手册。" });
    await week.approve(moved, "T0015");
    const child = await week.child("T0018", "七年级1班", 3);
    await week.approve(await week.submit("T0018", child, "study", "近期学习情况", "家长您好：\n\n孩子最近两周上课很专心，语文进步明显，请多鼓励。书写还可以再工整一些。"), "T0015");
    await week.sent("T0018", moved);
    await week.confirm("更正：家长会改在报告厅", 18);

    // While all sending is stopped, what is approved can be paused and stopped as on a bad day.
    const director = await week.as("T0003");
    await director.post("/api/school/stop", { stopped: true, reason: "短信通道检修" });
    const trip = await week.approve(await week.submit("T0019", to(second), "event", "研学活动物品清单", "各位家长：\n\n研学活动请为孩子准备水杯、雨具和一份午餐，不带贵重物品。"), "T0015");
    await week.order("T0019", trip, "pause");
    const wrong = await week.approve(await week.submit("T0019", to(second), "daily", "校服领取通知", "各位家长：\n\n冬季校服已到校，请孩子在课间到班主任处领取。"), "T0015");
    await week.order("T0019", wrong, "stop", { reason: "领取地点写错了" });
    await director.post("/api/school/stop", { stopped: false, reason: "通道已恢复" });

    const later = await week.submit("T0004", { kind: "all_guardians" }, "holiday", "元旦放假安排", "各位家长：\n\n元旦放假时间以学校校历为准，假期请提醒孩子注意防火、防溺水，出行注意交通安全。", { send_at: Date.now() + 5 * DAY });
    await week.approve(later, "T0003", "T0001");
    const dropped = await week.submit("T0018", to(first), "daily", "早读时间调整", "各位家长：\n\n自下周起早读提前十分钟，请让孩子按时到校。", { send_at: Date.now() + 3 * DAY });
    await week.approve(dropped, "T0015");
    await week.order("T0018", dropped, "cancel");

    const back = await week.submit("T0019", to(second), "daily", "值日安排", "各位家长：\n\n本周起各组轮流值日，请让孩子值日当天早到。");
    await week.decide(back, "T0015", "return", "请写明值日当天几点到校，家长才好安排接送。");
    await week.submit("T0026", to(eighth), "event", "体质健康测试", "各位家长：\n\n学校将进行体质健康测试，请让孩子穿运动鞋。身体不适请提前说明。");
    await week.submit("T0004", { kind: "all_guardians" }, "policy", "校园开放日须知", "各位家长：\n\n校园开放日请从正门进校，凭短信中的通知登记入校，车辆请停在校外停车场。");
    const taken = await week.submit("T0018", to(first), "other", "班级图书角捐书", "各位家长：\n\n班级图书角欢迎捐书，请在书上写好姓名。");
    await week.order("T0018", taken, "withdraw");
    await week.draft("T0018", to(first), "daily", "", "各位家长：\n\n近期流感多发，");

    // What leaders want sent, they hand in: one waits for the office, one came back with other words.
    await week.handIn("T0002", "心理健康讲座", "本月末在报告厅为家长举办心理健康讲座，欢迎参加。", "七年级家长", "请在周五前发出");
    const drill = await week.handIn("T0001", "防震演练", "本周五上午学校举行防震演练，请家长告诉孩子不必惊慌。", "全校家长");
    const written = await week.draft("T0004", { kind: "all_guardians" }, "event", "防震演练", "各位家长：\n\n本周五上午第三节课学校举行防震演练，听到警报请孩子按老师的安排有序撤离，不必惊慌。");
    const office = await week.as("T0004");
    await office.post(`/api/requests/${drill}/take`, { message: written });
    await office.post(`/api/requests/${drill}/ask`, {});

    await week.template("T0004", "放假通知", "各位家长：\n\n____放假时间为____至____，____正常上课。假期请注意交通、防溺水和用电安全。", "holiday");
    await week.template("T0004", "恶劣天气停课", "各位家长：\n\n因____，学校决定____停课。请安排好孩子在家的学习和看护，复课时间另行通知。", "daily");
    await week.template("T0018", "家长会", "各位家长：\n\n____（星期____）____在本班教室召开家长会，请准时参加。如不能到会，请提前告诉班主任。", "event");
  },

  async university(week) {
    const [own] = await week.classes("U0017", "信息学院2023级1班");
    const to = (...classes) => ({ kind: "classes", classes });
    const winter = await week.submit("U0005", { kind: "all_guardians" }, "holiday", "寒假放假安排", "各位家长：\n\n寒假放假与开学时间以学校校历为准，请提醒孩子返家途中注意安全，按时返校注册。");
    await week.approve(winter, "U0003", "U0001");
    const care = await week.submit("U0017", to(own), "daily", "宿舍安全用电提醒", "各位家长：\n\n学院近期检查宿舍用电，请提醒孩子不使用大功率电器。");
    await week.approve(care, "U0015", "U0014");
    await week.sent("U0005", winter);
    await week.sent("U0017", care);
    const appointment = await week.society("信息学院", "青年志愿者协会", "U0017", ["U0006", "U0007"]);
    const helpers = await week.submit("U0017", to(own), "event", "志愿服务周", "各位家长：\n\n青年志愿者协会将举办志愿服务周，欢迎支持孩子参加，请提醒孩子活动途中注意安全。", { appointment });
    await week.approve(helpers, "U0015", "U0014");
    await week.sent("U0017", helpers);
    await week.confirm("寒假放假安排", 60);
    await week.confirm("宿舍安全用电提醒", 20);
    await week.order("U0005", care, "filing");

    // A department applies, and sends once its signed original is in the register; a second one waits there.
    const now = Date.now();
    const application = (need, content, audience) => ({ need, content, audience, sender: "毛东奕", from: now - DAY, until: now + 30 * DAY });
    const courses = await week.submit("U0009", { kind: "all_guardians" }, "daily", "选课安排", "各位家长：\n\n下学期选课将于近期开始，请提醒孩子按时在教务系统选课，逾期不再补选。", { application: application("告知家长选课安排", "选课的时间和办法", "全体学生家长") });
    await week.approve(courses, "U0008", "U0002");
    await week.register("U0005", courses, { number: "教登〔2026〕1号", delivered_by: "毛东奕", place: "学生处档案柜" });
    await week.order("U0009", courses, "release", {});
    const roll = await week.submit("U0009", { kind: "all_guardians" }, "daily", "学籍信息核对", "各位家长：\n\n学校正在核对学籍信息，请提醒孩子登录教务系统核对姓名、专业和家庭住址。", { application: application("请家长协助核对学籍信息", "核对的内容和办法", "全体学生家长") });
    await week.approve(roll, "U0008", "U0002");

    // Another college's filing is asked about; one family hears about its own child; a notice is put right.
    const [business] = await week.classes("U0073", "商学院2023级1班");
    const fair = await week.submit("U0073", to(business), "event", "实习双选说明会", "各位家长：\n\n学院将举办实习双选说明会，请提醒孩子准备简历。");
    await week.approve(fair, "U0072", "U0071");
    await week.order("U0005", fair, "comments", { kind: "question", text: "说明会在线上还是线下举行？" });
    const child = await week.child("U0017", "信息学院2023级1班", 2);
    await week.approve(await week.submit("U0017", child, "thinking", "近期思想动态", "家长您好：\n\n孩子近期学习压力较大，已与辅导员谈心，请您多关心、多沟通。"), "U0015", "U0014");
    const fixed = await week.correct("U0017", care, { title: "更正：宿舍检查改在下周", body: "各位家长：\n\n原定本周的宿舍用电检查改在下周进行，请提醒孩子不使用大功率电器。" });
    await week.approve(fixed, "U0015", "U0014");
    const jobs = await week.submit("U0017", to(own), "admission", "就业双选会", "各位家长：\n\n学院将举办就业双选会，欢迎关注孩子的求职准备。");
    await week.approve(jobs, "U0015");
    const back = await week.submit("U0016", to(own), "daily", "补考安排", "各位家长：\n\n补考时间见教务通知，请提醒孩子做好准备。");
    await week.decide(back, "U0015", "return", "请写明查询补考时间的地址。");
    await week.submit("U0005", { kind: "all_guardians" }, "policy", "资助政策说明", "各位家长：\n\n学校资助政策已更新，请登录学校网站资助专栏查看。");
    await week.draft("U0017", to(own), "daily", "返校登记", "各位家长：\n\n请提醒孩子返校后当天完成登记。");
    await week.template("U0005", "寒暑假安排", "各位家长：\n\n____假自____开始，____返校注册。请提醒孩子路上注意安全，按时返校。", "holiday");
    await week.template("U0016", "考试安排", "各位家长：\n\n____考试于____举行，请提醒孩子带好证件，诚信应考。", "daily");
  },
};

/** What stands on the pretend phones of the sandbox. */
async function sandboxTexts(origin) {
  const answer = await fetch(`${origin}/sandbox/api/messages?after=0&limit=5000`);
  return (await answer.json()).messages.map(({ text }) => text);
}

/**
 * Plays the weeks before the visit in a demo school that was just loaded.
 * `texts` are those of the SMS that were taken, for the parents who confirm.
 */
export async function playWeeks(origin, name, texts = () => sandboxTexts(origin)) {
  await weeks[name](new Week(origin, texts));
}
