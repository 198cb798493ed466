// The demo school, loaded through the public API like any other: nothing here
// that an office could not do in the browser.
import { readFileSync } from "node:fs";
import { at } from "./base.mjs";
import { Client } from "./client.mjs";

/** One passphrase for all demo accounts; it exists only where DEMO=1 is set. */
export const PASSPHRASE = "wutong-2026-xiaoxun-demo";

const data = (name) => at("tests", "data", name);

/**
 * The schools that a visitor can look at, each by its own regulation. The two first administrators are
 * staff of the file, so that the import finds them: one imports, the other confirms. `accounts` are the
 * activated ones, in the order of the main job.
 */
export const schools = {
  middle: {
    setup: { name: "示范中学", signature: "示范中学", platform_word: "校讯通", regulation: "middle_school" },
    files: { staff: data("middle-school-staff.csv"), students: data("middle-school-students.csv") },
    administrators: [
      { number: "T0014", name: "田沐华" },
      { number: "T0013", name: "高佑奕" },
    ],
    // Homeroom teachers who let all who teach their class write to its parents.
    listing: ["T0018", "T0019"],
    accounts: [
      ["T0018", "七年级1班班主任", "homeroom teacher, class 7-1"],
      ["T0019", "七年级2班班主任", "homeroom teacher, class 7-2"],
      ["T0026", "八年级1班班主任", "homeroom teacher, class 8-1"],
      ["T0042", "任课教师（物理，七年级1–4班）", "subject teacher, physics, 7-1 to 7-4"],
      ["T0015", "七年级年级组长", "head of year 7"],
      ["T0016", "八年级年级组长", "head of year 8"],
      ["T0017", "九年级年级组长", "head of year 9"],
      ["T0003", "校办室主任", "office director"],
      ["T0004", "校办室干事", "office clerk"],
      ["T0001", "校长", "principal"],
      ["T0002", "副校长", "vice principal"],
      ["T0014", "系统管理员", "administrator"],
      ["T0013", "系统管理员（确认任命的第二人）", "administrator, the second person for appointments"],
    ],
  },
  university: {
    setup: { name: "示范大学", signature: "示范大学", platform_word: "校信通", regulation: "university" },
    files: { staff: data("university-staff.csv"), students: data("university-students.csv") },
    administrators: [
      { number: "U0007", name: "范瑶桐" },
      { number: "U0006", name: "武景" },
    ],
    accounts: [
      ["U0005", "学生处科员", "student affairs clerk"],
      ["U0004", "分管学生工作的副处长", "deputy head of student affairs"],
      ["U0003", "学生处处长", "head of student affairs"],
      ["U0001", "主管校领导", "school leader in overall charge"],
      ["U0002", "分管校领导（教务处等）", "school leader in charge of departments"],
      ["U0008", "教务处第一责任人", "first responsible person, academic affairs"],
      ["U0009", "教务处信息员、指派专人", "clerk and designated sender, academic affairs"],
      ["U0017", "信息学院2023级1班辅导员", "counsellor, college of information, 2023 class 1"],
      ["U0016", "信息学院学生科信息员", "clerk, college of information"],
      ["U0015", "信息学院分管学生工作院领导", "college leader for student work, information"],
      ["U0014", "信息学院院长", "dean, college of information"],
      ["U0073", "商学院学生科信息员", "clerk, business school"],
      ["U0072", "商学院分管学生工作院领导", "college leader for student work, business"],
      ["U0071", "商学院院长", "dean, business school"],
      ["U0007", "系统管理员", "administrator"],
      ["U0006", "系统管理员（确认任命的第二人）", "administrator, the second person for appointments"],
    ],
  },
};

/** `POST /api/setup`; the answer is the two administrators' slips. */
export async function setUp(origin, setupKey, { setup, administrators } = schools.middle) {
  const { slips } = await new Client(origin).post(
    "/api/setup",
    {
      ...setup,
      // The whole day, so that the demo works at any hour.
      window: { from: 0, to: 1440 },
      administrators,
    },
    { authorization: `Bearer ${setupKey}` },
  );
  return slips;
}

/** Previews a file, takes the likely answer to each question, applies it. */
export async function importFile(client, kind, path) {
  const preview = await client.post(`/api/roster/imports?kind=${kind}`, new Uint8Array(readFileSync(path)));
  const answers = preview.questions.map(({ id, suggested }) => ({ id, chosen: suggested }));
  return client.post(`/api/roster/imports/${preview.id}/apply`, { answers, persons: [], ticked: [], shown: preview.shown });
}

/** Confirms every appointment that waits and that somebody else gave: without it no imported leader counts. */
export async function confirmWaiting(client) {
  const { waiting } = await client.get("/api/appointments/waiting");
  const appointments = waiting.filter((w) => !w.bar).map((w) => w.appointment.id);
  // So many at once: CONFIRM_MAX in domain/src/appointment.rs.
  for (let at = 0; at < appointments.length; at += 200) {
    await client.post("/api/appointments/confirmations", { appointments: appointments.slice(at, at + 200) });
  }
}

/** Loads a demo school, with its own files or others of the same posts, into a running, empty deployment. */
export async function loadDemo(origin, setupKey, tell, { school = schools.middle, files = school.files } = {}) {
  const { administrators, accounts } = school;
  const slips = await setUp(origin, setupKey, school);
  tell("setup");
  const anybody = new Client(origin);
  for (const slip of slips) await anybody.activate(slip, PASSPHRASE);
  const admin = new Client(origin);
  await admin.signIn(administrators[0].number, PASSPHRASE);
  await importFile(admin, "staff", files.staff);
  const second = new Client(origin);
  await second.signIn(administrators[1].number, PASSPHRASE);
  await confirmWaiting(second);
  tell("staff");
  for (const path of [files.students].flat()) {
    await importFile(admin, "students", path);
    tell("students");
  }

  const staff = await admin.get("/api/staff");
  const wanted = new Set(accounts.map(([number]) => number));
  const ids = staff.filter((s) => wanted.has(s.number) && !s.active).map((s) => s.id);
  const issued = await second.post("/api/staff/activations", { staff: ids });
  // Slips for managing posts wait for a second person, as the posts did.
  for (const { id } of await admin.get("/api/staff/activations")) issued.push(await admin.post(`/api/staff/activations/${id}/confirm`, {}));
  for (const slip of issued.filter(({ waits }) => !waits)) await anybody.activate(slip, PASSPHRASE);
  // A school of other files need not have them.
  for (const number of (school.listing ?? []).filter((number) => staff.some((s) => s.number === number))) {
    const teacher = new Client(origin);
    await teacher.signIn(number, PASSPHRASE);
    for (const { id } of (await teacher.get("/api/classes")).filter((held) => held.may_read)) {
      const { teachers } = await teacher.get(`/api/classes/${id}`);
      await teacher.put(`/api/classes/${id}/teachers`, { list: teachers.map((held) => held.appointment), strike: [] });
    }
    await teacher.request("DELETE", "/api/session");
  }
  tell("accounts");
  const names = new Map(staff.map((s) => [s.number, s.name]));
  return accounts.filter(([number]) => names.has(number)).map(([number, post, english]) => ({ number, name: names.get(number) ?? "", post, english }));
}
