// A large invented school, for `npm run bench`: classes of 50 students with two
// guardians each. Loaded like any other, from files: as many as it takes, since
// a file has at most 20,000 rows and a megabyte and a half.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at } from "./base.mjs";

const STUDENTS = 50;
/** Classes in a file of students. */
const PER_FILE = 200;
const GRADES = ["七年级", "八年级", "九年级"];
/** Endings to which the pretend network does something else than deliver. */
const MAGIC = /00[1-6]$/;

/** Paths of its files; `guardians` is a multiple of a hundred. */
export function syntheticSchool(guardians) {
  const classes = guardians / STUDENTS / 2;
  const folder = mkdtempSync(join(tmpdir(), "xiaoxun-school-"));
  const classOf = (n) => [GRADES[n % 3], `${Math.floor(n / 3) + 1}班`];
  const put = (name, lines) => {
    writeFileSync(join(folder, name), `${lines.map((l) => l.trim()).join("\n")}\n`);
    return join(folder, name);
  };
  // Leaders, office and heads of grades are those of the demo.
  const demo = readFileSync(at("tests", "data", "middle-school-staff.csv"), "utf8").split("\n");
  const staff = demo.slice(0, 18);
  for (let n = 0; n < classes; n++) {
    const [grade, name] = classOf(n);
    staff.push(`S${String(n).padStart(4, "0")},班主任${n},1970000${String(n + 1000).padStart(4, "0")},${grade},班主任,${grade}${name},`);
  }
  let next = 19_800_000_000;
  const phone = () => {
    while (MAGIC.test(String(++next)));
    return next;
  };
  const students = [];
  for (let first = 0; first < classes; first += PER_FILE) {
    const lines = ["学号,姓名,年级,班级,监护人1姓名,监护人1关系,监护人1手机,监护人2姓名,监护人2关系,监护人2手机"];
    for (let n = first; n < Math.min(first + PER_FILE, classes); n++) {
      for (let s = 0; s < STUDENTS; s++) {
        const number = String(n * STUDENTS + s).padStart(6, "0");
        lines.push(`B${number},学生${number},${classOf(n).join(",")},甲${number},母亲,${phone()},乙${number},父亲,${phone()}`);
      }
    }
    students.push(put(`students-${first}.csv`, lines));
  }
  return { folder, staff: put("staff.csv", staff), students };
}
