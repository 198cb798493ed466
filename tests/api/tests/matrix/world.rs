//! A small school of each regulation, with everybody its clauses name: posts of two colleges or year groups,
//! of departments and offices, and those whose word does not count. Written past the API with the seals that the
//! Worker makes, so that building it takes a moment.

use api_tests::{App, Client, draft_to};
use domain::access::Post;
use domain::ids::{ClassId, MessageId, StaffId};
use domain::roster::ClassRoll;
use domain::time::{HOUR, Instant};
use rusqlite::{Connection, params};
use serde_json::json;
use xiaoxun_worker::platform::crypto::{Keys, sha256};
use xiaoxun_worker::seals::{AppointmentSeal, EndedAppointmentSeal, Seal};

/// Units: 1 is the school; the other ids are given here. Area A is unit 20, area B unit 21.
pub const SCHOOL: i64 = 1;
/// 校办室, or at the university 信息化办公室.
pub const OFFICE: i64 = 10;
/// 学生处.
pub const AFFAIRS: i64 = 11;
/// A department.
pub const DEPARTMENT: i64 = 12;
/// Another one.
pub const OTHER_DEPARTMENT: i64 = 13;
/// The college or year group of area A.
pub const UNIT_A: i64 = 20;
/// That of area B.
pub const UNIT_B: i64 = 21;
/// A department with nobody in it.
pub const EMPTY_UNIT: i64 = 30;

/// A class of unit A, another one of unit A, and one of unit B.
pub const CLASSES: [(i64, i64, &str); 3] = [(1, UNIT_A, "1班"), (2, UNIT_A, "2班"), (3, UNIT_B, "1班")];

/// Of what a person's right is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Holds the post.
    Holds,
    /// Held it.
    Ended,
    /// Was given it, and nobody has confirmed that.
    Unconfirmed,
    /// Signed in without a post.
    NoPost,
    /// Not signed in.
    Nobody,
}

/// Somebody who calls.
pub struct Actor {
    /// By which the table names somebody in person.
    pub key: &'static str,
    /// Their post.
    pub post: Option<Post>,
    /// Where it is held.
    pub unit: i64,
    /// For teachers.
    pub class: Option<i64>,
    /// Whether it counts.
    pub standing: Standing,
    /// Staff id; 0 for nobody.
    pub id: i64,
    /// Appointment id; 0 where there is none.
    pub appointment: i64,
    /// Their browser.
    pub client: Client,
}

type Line = (&'static str, Post, i64, Option<i64>);

/// Which regulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum School {
    /// S11.
    Middle,
    /// S4.
    University,
}

impl School {
    fn regulation(self) -> &'static str {
        match self {
            Self::Middle => "middle_school",
            Self::University => "university",
        }
    }

    /// Kind and name of each unit.
    fn units(self) -> Vec<(i64, &'static str, &'static str)> {
        let mut units = vec![
            (OFFICE, "office", "校办室"),
            (DEPARTMENT, "department", "教务处"),
            (OTHER_DEPARTMENT, "department", "后勤处"),
            (EMPTY_UNIT, "department", "空处"),
        ];
        match self {
            Self::Middle => units.extend([(UNIT_A, "grade", "七年级"), (UNIT_B, "grade", "八年级")]),
            Self::University => units.extend([
                (AFFAIRS, "student_affairs", "学生处"),
                (UNIT_A, "college", "商学院"),
                (UNIT_B, "college", "信息学院"),
            ]),
        }
        units
    }

    /// Everybody with a post, the two administrators apart.
    fn people(self) -> Vec<Line> {
        use Post::*;
        match self {
            Self::Middle => vec![
                ("principal", Principal, SCHOOL, None),
                ("vice", VicePrincipal, SCHOOL, None),
                ("director", OfficeDirector, OFFICE, None),
                ("clerk", OfficeClerk, OFFICE, None),
                ("custodian", Custodian, OFFICE, None),
                ("custodian_a", Custodian, UNIT_A, None),
                ("custodian_b", Custodian, UNIT_B, None),
                ("department_head", DepartmentHead, DEPARTMENT, None),
                ("department_clerk", DepartmentClerk, OTHER_DEPARTMENT, None),
                ("grade_a", GradeHead, UNIT_A, None),
                ("grade_b", GradeHead, UNIT_B, None),
                ("homeroom_1", HomeroomTeacher, UNIT_A, Some(1)),
                ("homeroom_2", HomeroomTeacher, UNIT_A, Some(2)),
                ("homeroom_3", HomeroomTeacher, UNIT_B, Some(3)),
                ("subject_1", SubjectTeacher, UNIT_A, Some(1)),
                ("unlisted_2", SubjectTeacher, UNIT_A, Some(2)),
                ("subject_3", SubjectTeacher, UNIT_B, Some(3)),
            ],
            Self::University => vec![
                ("leader", LeaderInCharge, SCHOOL, None),
                ("leader_of_department", DepartmentLeader, DEPARTMENT, None),
                ("leader_of_other", DepartmentLeader, OTHER_DEPARTMENT, None),
                ("affairs_head", StudentAffairsHead, AFFAIRS, None),
                ("affairs_deputy", StudentAffairsDeputy, AFFAIRS, None),
                ("affairs_clerk", StudentAffairsClerk, AFFAIRS, None),
                ("first", FirstResponsible, DEPARTMENT, None),
                ("first_of_other", FirstResponsible, OTHER_DEPARTMENT, None),
                ("sender", DesignatedSender, DEPARTMENT, None),
                ("second_sender", DesignatedSender, DEPARTMENT, None),
                ("sender_of_other", DesignatedSender, OTHER_DEPARTMENT, None),
                ("custodian", Custodian, OFFICE, None),
                ("dean_a", Dean, UNIT_A, None),
                ("college_leader_a", CollegeLeader, UNIT_A, None),
                ("college_clerk_a", CollegeClerk, UNIT_A, None),
                ("counsellor_1", Counsellor, UNIT_A, Some(1)),
                ("counsellor_2", Counsellor, UNIT_A, Some(2)),
                ("dean_b", Dean, UNIT_B, None),
                ("college_leader_b", CollegeLeader, UNIT_B, None),
                ("college_clerk_b", CollegeClerk, UNIT_B, None),
                ("counsellor_3", Counsellor, UNIT_B, Some(3)),
            ],
        }
    }

    /// Whose post ended, or was never confirmed: one that could do much.
    fn strong(self) -> (Post, i64) {
        match self {
            Self::Middle => (Post::OfficeClerk, OFFICE),
            Self::University => (Post::CollegeClerk, UNIT_A),
        }
    }

    /// A middle school's class bears its year group.
    fn class_name(self, unit: i64, number: &str) -> String {
        match (self, unit) {
            (Self::University, _) => number.into(),
            (Self::Middle, UNIT_A) => format!("七年级{number}"),
            (Self::Middle, _) => format!("八年级{number}"),
        }
    }

    /// Three students of each class; the third one leaves.
    fn students(self) -> String {
        let mut text = match self {
            Self::Middle => "学号,姓名,年级,班级,监护人1姓名,监护人1关系,监护人1手机,监护人2姓名,监护人2关系,监护人2手机\n".to_owned(),
            Self::University => {
                "学号,姓名,学院,班级,家长姓名,关系,家长手机,家长2姓名,家长2关系,家长2手机\n".to_owned()
            }
        };
        let units = self.units();
        for (class, unit, number) in CLASSES {
            let name = self.class_name(unit, number);
            let of = units.iter().find(|(id, ..)| *id == unit).map_or("", |(.., name)| *name);
            for (n, [student, mother, father]) in (1..).zip(NAMES[class as usize - 1]) {
                let phone = |who: i64| format!("1990{who}{class}{n}4578");
                text += &format!(
                    "26{class}{n},{student},{of},{name},{mother},母亲,{},{father},父亲,{}\n",
                    phone(1),
                    phone(2)
                );
            }
        }
        text
    }
}

/// Student, mother and father, three of each class. No other name contains one of these.
pub const NAMES: [[[&str; 3]; 3]; 3] = [
    [["王景甲", "余浩英", "王大川"], ["曹沐乙", "高怡国", "曹远山"], ["丁离丙", "丁母丙", "丁父丙"]],
    [["万可丁", "王馨瑶", "万里江"], ["孙子戊", "江涵志", "孙长河"], ["董离己", "董母己", "董父己"]],
    [["欧阳庚", "慕容雪", "欧阳海"], ["司徒辛", "诸葛兰", "司徒峰"], ["尉迟壬", "尉母壬", "尉父壬"]],
];

/// The two who manage accounts.
pub const ADMINISTRATORS: [&str; 2] = ["administrator", "second_administrator"];

/// People of one class whom the cases concern.
#[derive(Clone, Copy, Debug, Default)]
pub struct Family {
    /// On the roll.
    pub student: i64,
    /// On the roll.
    pub guardian: i64,
    /// Has left.
    pub gone_student: i64,
    /// Was taken off the roll.
    pub gone_guardian: i64,
}

/// A school with its people.
pub struct World {
    /// It runs in process.
    pub app: App,
    /// Its regulation.
    pub school: School,
    /// Everybody who calls.
    pub actors: Vec<Actor>,
    /// By class, the first being 1.
    pub families: [Family; 3],
    /// A member of staff with a department's post, who calls nothing.
    pub colleague: (i64, i64),
    /// One who has left.
    pub former: i64,
    /// A draft to class 1 that the one who has left wrote.
    pub left_draft: MessageId,
}

impl World {
    /// Builds it.
    pub fn of(school: School) -> Self {
        let app = App::empty();
        let body = json!({
            "name": "示范学校", "signature": "示范学校", "platform_word": "校信通", "regulation": school.regulation(),
            "window": { "from": 0, "to": 1440 },
            "administrators": [{ "number": ADMINISTRATORS[0], "name": "罗一" }, { "number": ADMINISTRATORS[1], "name": "罗二" }],
        });
        let key = format!("Bearer {}", app.setup_key());
        let bytes = serde_json::to_vec(&body).expect("json");
        let opened = app.anybody().send("POST", "/api/setup", Some(&bytes), &[("authorization", &key)]);
        assert_eq!(opened.status, 200, "{}", opened.body);
        let (db, keys) = (app.db(), app.keys());
        for (id, kind, name) in school.units() {
            let text = "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (?1, 1, ?2, ?3, 1)";
            db.execute(text, params![id, kind, name]).expect("a unit");
        }
        for (id, unit, number) in CLASSES {
            let name = school.class_name(unit, number);
            let text = "INSERT INTO classes (id, unit_id, name, created_at) VALUES (?1, ?2, ?3, 1)";
            db.execute(text, params![id, unit, name]).expect("a class");
        }
        let actors = people(&app, &db, &keys, school);
        told(&db);
        let mut world = Self {
            app,
            school,
            actors,
            families: [Family::default(); 3],
            colleague: (0, 0),
            former: 0,
            left_draft: MessageId(0),
        };
        world.fill();
        world
    }

    /// Students by an import, and who leaves.
    fn fill(&mut self) {
        let administrator = self.client(ADMINISTRATORS[0]);
        administrator.import("students", &self.school.students());
        let keeper = self.client(match self.school {
            School::Middle => "director",
            School::University => "affairs_head",
        });
        for (at, (class, ..)) in CLASSES.into_iter().enumerate() {
            let roll: ClassRoll = keeper.get(&format!("/api/classes/{class}")).json();
            let [first, _, third] = roll.students.as_slice() else { panic!("three students: {roll:?}") };
            let [mother, father] = first.guardians.as_slice() else { panic!("two parents: {first:?}") };
            let leave = |path: String, why: &str| {
                let left = keeper.post(&path, &json!({ "reason": why }));
                assert_eq!(left.status, 204, "{}", left.body);
            };
            leave(format!("/api/students/{}/leave", third.id), "transferred");
            leave(format!("/api/guardians/{}/leave", father.id), "custody");
            self.families[at] = Family {
                student: first.id.0,
                guardian: mother.id.0,
                gone_student: third.id.0,
                gone_guardian: father.id.0,
            };
        }
        let db = self.app.db();
        let former: i64 = staff(&db, "former");
        let mut author = self.app.anybody();
        let since = "SELECT MAX(since) FROM appointments";
        let since = db.query_row(since, [], |row| row.get(0)).expect("when they began");
        author.cookie = session(&db, &self.app.keys(), former, since);
        self.left_draft = author.draft(&draft_to(&[ClassId(1)]));
        let left = administrator.post(&format!("/api/staff/{former}/leave"), &json!({ "reason": "retired" }));
        assert_eq!(left.status, 204, "{}", left.body);
        let held = "SELECT id FROM appointments WHERE staff_id = ?1";
        let colleague = staff(&db, "colleague");
        let held = db.query_row(held, [colleague], |row| row.get(0)).expect("a post");
        (self.colleague, self.former) = ((colleague, held), former);
    }

    /// Somebody by key.
    pub fn actor(&self, key: &str) -> &Actor {
        self.actors.iter().find(|a| a.key == key).unwrap_or_else(|| panic!("no {key} here"))
    }

    /// Their browser.
    pub fn client(&self, key: &str) -> Client {
        self.actor(key).client.clone()
    }

    /// Their staff id.
    pub fn staff(&self, key: &str) -> StaffId {
        StaffId(self.actor(key).id)
    }

    /// Opens somebody's browser again, whose sessions ended.
    pub fn open_again(&self, key: &str) {
        let since = "SELECT MAX(since) FROM appointments WHERE given_by = 0";
        let db = self.app.db();
        let since = db.query_row(since, [], |row| row.get(0)).expect("when the school was opened");
        session(&db, &self.app.keys(), self.actor(key).id, since);
    }

    /// Names of a class that nobody of another college may read.
    pub fn names(class: i64) -> impl Iterator<Item = &'static str> {
        NAMES[class as usize - 1].into_iter().flatten()
    }
}

fn staff(db: &Connection, number: &str) -> i64 {
    let text = "SELECT id FROM staff WHERE number = ?1";
    db.query_row(text, [number], |row| row.get(0)).expect("a person")
}

/// Everybody, with posts and open browsers.
fn people(app: &App, db: &Connection, keys: &Keys, school: School) -> Vec<Actor> {
    let since: i64 = db
        .query_row("SELECT MAX(since) FROM appointments WHERE given_by = 0", [], |row| row.get(0))
        .expect("when the school was opened");
    let hire = |number: &str| {
        let text = "INSERT INTO staff (number, name, created_at) VALUES (?1, ?1, 1)";
        db.execute(text, [number]).expect("a person");
    };
    let mut actors = Vec::new();
    let mut add = |key, post: Option<(Post, i64, Option<i64>)>, standing, appointment| {
        let (post, unit, class) =
            post.map_or((None, 0, None), |(post, unit, class)| (Some(post), unit, class));
        let mut client = app.anybody();
        let id = if standing == Standing::Nobody { 0 } else { staff(db, key) };
        if id != 0 {
            client.cookie = session(db, keys, id, since);
        }
        actors.push(Actor { key, post, unit, class, standing, id, appointment, client });
    };
    for key in ADMINISTRATORS {
        let held = "SELECT id FROM appointments WHERE staff_id = ?1";
        let held = db.query_row(held, [staff(db, key)], |row| row.get(0)).expect("a post");
        add(key, Some((Post::Administrator, SCHOOL, None)), Standing::Holds, held);
    }
    for (key, post, unit, class) in school.people() {
        hire(key);
        let held = appoint(db, keys, (key, post, unit, class), since, true);
        if post == Post::SubjectTeacher && !key.starts_with("unlisted") {
            let list = "UPDATE appointments SET listed_by = (SELECT staff_id FROM appointments h WHERE h.class_id = ?2 AND h.post = 'homeroom_teacher'), listed_at = ?3 WHERE id = ?1";
            db.execute(list, params![held, class, since + 2]).expect("it is listed");
        }
        add(key, Some((post, unit, class)), Standing::Holds, held);
    }
    let (post, unit) = school.strong();
    for (key, standing) in [("ended", Standing::Ended), ("unconfirmed", Standing::Unconfirmed)] {
        hire(key);
        let held = appoint(db, keys, (key, post, unit, None), since, standing == Standing::Ended);
        if standing == Standing::Ended {
            end(db, keys, held);
        }
        add(key, Some((post, unit, None)), standing, held);
    }
    hire("nopost");
    add("nopost", None, Standing::NoPost, 0);
    add("nobody", None, Standing::Nobody, 0);
    hire("colleague");
    appoint(db, keys, ("colleague", Post::DepartmentClerk, DEPARTMENT, None), since, true);
    hire("former");
    appoint(db, keys, ("former", post, unit, None), since, true);
    // Holds power, and has no account yet: slips for such a person wait.
    hire("fresh");
    appoint(db, keys, ("fresh", Post::Custodian, SCHOOL, None), since, true);
    hire("plain");
    actors
}

/// Opens a session as signing in does.
fn session(db: &Connection, keys: &Keys, id: i64, since: i64) -> String {
    let token = format!("{id:0>43}");
    let hash = sha256(token.as_bytes());
    #[derive(serde::Serialize)]
    struct Sealed<'a> {
        session: &'a str,
        staff: StaffId,
    }
    let mac = keys.row_mac("session", &Sealed { session: &hash, staff: StaffId(id) });
    db.execute(
        "INSERT INTO sessions (token_hash, staff_id, system, browser, created_at, seen_at, expires_at, mac)
         VALUES (?1, ?2, 'other', 'other', ?3, ?3, ?4, ?5)",
        params![hash, id, since, since + 24 * HOUR, mac],
    )
    .expect("a session");
    format!("__Host-session={token}")
}

/// Gives a post as one administrator, and confirms it as the other where that is asked for.
fn appoint(
    db: &Connection,
    keys: &Keys,
    (number, post, unit, class): Line,
    since: i64,
    confirmed: bool,
) -> i64 {
    let (id, [giver, second]) = (staff(db, number), ADMINISTRATORS.map(|number| staff(db, number)));
    let subject = (post == Post::SubjectTeacher).then_some("物理");
    let seal = |confirmed: Option<(i64, Instant)>| {
        let seal = AppointmentSeal {
            staff: id,
            post: post.key(),
            unit,
            class,
            subject,
            since: Instant(since),
            given_by: giver,
            confirmed_by: confirmed.map(|(by, _)| by),
            confirmed_at: confirmed.map(|(_, at)| at),
        };
        seal.mac(keys)
    };
    let text = "INSERT INTO appointments (staff_id, post, unit_id, class_id, subject, since, given_by, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    db.execute(text, params![id, post.key(), unit, class, subject, since, giver, seal(None)])
        .unwrap_or_else(|e| panic!("{number}: {e}"));
    let row = db.last_insert_rowid();
    if post.needs_confirmation() && confirmed {
        let text = "UPDATE appointments SET confirmed_by = ?2, confirmed_at = ?3, mac = ?4 WHERE id = ?1";
        let at = Instant(since + 1);
        db.execute(text, params![row, second, at.0, seal(Some((second, at)))])
            .unwrap_or_else(|e| panic!("{number}: {e}"));
    }
    row
}

/// Ends a post as the Worker does.
fn end(db: &Connection, keys: &Keys, id: i64) {
    let read = "SELECT staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at FROM appointments WHERE id = ?1";
    let (until, mac) = db
        .query_row(read, [id], |row| {
            let post: String = row.get(1)?;
            let since: i64 = row.get(3)?;
            let appointment = AppointmentSeal {
                staff: row.get(0)?,
                post: &post,
                unit: row.get(2)?,
                class: None,
                subject: None,
                since: Instant(since),
                given_by: row.get(4)?,
                confirmed_by: row.get(5)?,
                confirmed_at: row.get::<_, Option<i64>>(6)?.map(Instant),
            };
            let until = Instant(since + 2);
            Ok((until, EndedAppointmentSeal { appointment, until, declined_by: None }.mac(keys)))
        })
        .expect("a post");
    let text = "UPDATE appointments SET until = ?2, mac = ?3 WHERE id = ?1";
    db.execute(text, params![id, until.0, mac]).expect("it ends");
}

/// Tells in the log what was written beside the Worker, as a batch of its own would.
fn told(db: &Connection) {
    db.execute_batch(
        "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail)
         SELECT (SELECT MAX(seq) FROM audit) + ROW_NUMBER() OVER (ORDER BY kind), (SELECT MAX(at) FROM audit), 0, 'record.changed', 'audit',
           (SELECT MAX(seq) FROM audit), json_object('kind', kind, 'rows', json(rows))
         FROM (SELECT kind, json_group_object(CAST(row_id AS TEXT), json(change)) AS rows FROM changes GROUP BY kind);
         DELETE FROM changes",
    )
    .expect("it is told");
}
