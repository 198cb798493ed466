//! A university by its regulation (S4): two colleges, two departments and 学生处, with the posts that
//! its clauses name. The posts are written as the Worker seals them.

use std::path::Path;

use domain::access::Post;
use domain::account::Slip;
use domain::filing::{Application, Register, Scan};
use domain::ids::{ClassId, MessageId};
use domain::message::{Audience, Draft, MessageView};
use domain::roster::StaffView;
use domain::time::{DAY, Instant};
use rusqlite::{Connection, params};
use serde_json::json;
use xiaoxun_worker::platform::crypto::Keys;
use xiaoxun_worker::platform::host::native::Native;
use xiaoxun_worker::seals::{AppointmentSeal, Seal};

use crate::client::{Way, fresh_key};
use crate::native::Handle;
use crate::template::{SETUP_KEY, settings};
use crate::{App, Client, PASSPHRASE, Reply, draft_to};

/// 主管校领导.
pub const LEADER: &str = "U01";
/// 分管校领导 of 教务处.
pub const TEACHING_LEADER: &str = "U02";
/// 分管校领导 of 后勤处.
pub const LOGISTICS_LEADER: &str = "U03";
/// 学生处处长.
pub const AFFAIRS_HEAD: &str = "U04";
/// 分管学生工作的副处长.
pub const AFFAIRS_DEPUTY: &str = "U05";
/// 学生处科员.
pub const AFFAIRS_CLERK: &str = "U06";
/// 部门第一责任人 of 教务处.
pub const TEACHING_FIRST: &str = "U07";
/// 指派专人 of 教务处.
pub const TEACHING_SENDER: &str = "U08";
/// 部门第一责任人 of 后勤处.
pub const LOGISTICS_FIRST: &str = "U09";
/// 指派专人 of 后勤处.
pub const LOGISTICS_SENDER: &str = "U10";
/// 院长 of 商学院.
pub const BUSINESS_DEAN: &str = "U11";
/// 分管学生工作的院领导 of 商学院.
pub const BUSINESS_LEADER: &str = "U12";
/// 学院学生科信息员 of 商学院.
pub const BUSINESS_CLERK: &str = "U13";
/// 院长 of 信息学院.
pub const INFORMATION_DEAN: &str = "U14";
/// 分管学生工作的院领导 of 信息学院.
pub const INFORMATION_LEADER: &str = "U15";
/// 学院学生科信息员 of 信息学院.
pub const INFORMATION_CLERK: &str = "U16";
/// 辅导员 of 商学院/2023级1班.
pub const COUNSELLOR: &str = "U17";
/// A second 指派专人 of 教务处.
pub const TEACHING_SECOND_SENDER: &str = "U18";
/// The two administrators.
pub const ADMINISTRATORS: [&str; 2] = ["A01", "A02"];

/// Unit 1 is the school; these are given their ids here.
const UNITS: [(i64, &str, &str); 5] = [
    (11, "student_affairs", "学生处"),
    (12, "department", "教务处"),
    (13, "department", "后勤处"),
    (14, "college", "商学院"),
    (15, "college", "信息学院"),
];

/// Number, name, post, unit.
const PEOPLE: [(&str, &str, Post, i64); 18] = [
    (LEADER, "吴雨华", Post::LeaderInCharge, 1),
    (TEACHING_LEADER, "孙国晓", Post::DepartmentLeader, 12),
    (LOGISTICS_LEADER, "郑安", Post::DepartmentLeader, 13),
    (AFFAIRS_HEAD, "白豪怡", Post::StudentAffairsHead, 11),
    (AFFAIRS_DEPUTY, "田怡秀", Post::StudentAffairsDeputy, 11),
    (AFFAIRS_CLERK, "韩宁", Post::StudentAffairsClerk, 11),
    (TEACHING_FIRST, "许宏", Post::FirstResponsible, 12),
    (TEACHING_SENDER, "何静", Post::DesignatedSender, 12),
    (LOGISTICS_FIRST, "吕达", Post::FirstResponsible, 13),
    (LOGISTICS_SENDER, "施敏", Post::DesignatedSender, 13),
    (BUSINESS_DEAN, "张岳", Post::Dean, 14),
    (BUSINESS_LEADER, "孔兰", Post::CollegeLeader, 14),
    (BUSINESS_CLERK, "曹颖", Post::CollegeClerk, 14),
    (INFORMATION_DEAN, "严松", Post::Dean, 15),
    (INFORMATION_LEADER, "华青", Post::CollegeLeader, 15),
    (INFORMATION_CLERK, "金露", Post::CollegeClerk, 15),
    (COUNSELLOR, "魏然", Post::Counsellor, 14),
    (TEACHING_SECOND_SENDER, "陶莹", Post::DesignatedSender, 12),
];

/// Students of two classes of one name, one in each college.
const STUDENTS: &str = "学号,姓名,学院,年级,班级,家长姓名,关系,家长手机\n\
    2301,王景,商学院,2023级,1班,余浩英,母亲,19900123553\n\
    2302,曹沐,商学院,2023级,1班,高怡国,父亲,19900109998\n\
    2303,万可涵,信息学院,2023级,1班,王馨瑶,母亲,19900137537\n\
    2304,孙子,信息学院,2023级,1班,江涵志,父亲,19900104668\n";

/// Loads the university into an empty deployment.
pub(crate) fn load(state: &Path) {
    let (database, network) = (state.join("school.sqlite"), state.join("network.sqlite"));
    let anybody = Client::new(Way::Native(Handle::start(&database, Some(&network), settings(state), None)));
    let [first, second] = ADMINISTRATORS;
    let body = json!({
        "name": "示范大学", "signature": "示范大学", "platform_word": "校信通", "regulation": "university",
        "window": { "from": 0, "to": 1440 },
        "administrators": [{ "number": first, "name": "罗一" }, { "number": second, "name": "罗二" }],
    });
    let key = format!("Bearer {SETUP_KEY}");
    let bytes = serde_json::to_vec(&body).expect("json");
    let opened = anybody.send("POST", "/api/setup", Some(&bytes), &[("authorization", &key)]);
    for slip in &opened.json::<domain::account::Slips>().slips {
        assert_eq!(anybody.activate(slip, PASSPHRASE).status, 204);
    }
    let db = Connection::open(&database).expect("the database");
    people(&db);
    told(&db);
    let mut admin = anybody.clone();
    assert_eq!(admin.sign_in(first, PASSPHRASE).status, 200);
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    let ids: Vec<_> = staff.iter().filter(|s| !s.active).map(|s| s.id).collect();
    // Before anybody holds a post, so that no slip waits for a second person.
    let slips: Vec<Slip> = admin.post("/api/staff/activations", &json!({ "staff": ids })).json();
    for slip in &slips {
        assert_eq!(anybody.activate(slip, PASSPHRASE).status, 204);
    }
    let host = Native::new(Instant(0), 1, settings(state), []);
    let keys = Keys::load(&*host).expect("the template's keys");
    for (number, _, post, unit) in PEOPLE {
        appoint(&db, &keys, number, post, unit);
    }
    told(&db);
    admin.import("students", STUDENTS);
}

/// Units with their classes, and who works there.
fn people(db: &Connection) {
    for (number, name, ..) in PEOPLE {
        db.execute("INSERT INTO staff (number, name, created_at) VALUES (?1, ?2, 1)", [number, name])
            .expect("a person");
    }
    for (id, kind, name) in UNITS {
        let unit = "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (?1, 1, ?2, ?3, 1)";
        db.execute(unit, params![id, kind, name]).expect("a unit");
    }
    for college in [14, 15] {
        let class = "INSERT INTO classes (unit_id, name, created_at) VALUES (?1, '2023级1班', 1)";
        db.execute(class, [college]).expect("a class");
    }
}

/// Gives a post as one administrator and confirms it as the other, with the seals that the Worker makes.
fn appoint(db: &Connection, keys: &Keys, number: &str, post: Post, unit: i64) {
    let id = |number: &str| -> i64 {
        let of = "SELECT id FROM staff WHERE number = ?1 AND left_at IS NULL";
        db.query_row(of, [number], |row| row.get(0)).expect("a person")
    };
    let (staff, [giver, second]) = (id(number), ADMINISTRATORS.map(id));
    let since: i64 = db
        .query_row("SELECT MAX(since) FROM appointments WHERE given_by = 0", [], |row| row.get(0))
        .expect("when the school was opened");
    let class: Option<i64> = (post == Post::Counsellor).then(|| {
        db.query_row("SELECT id FROM classes WHERE unit_id = ?1", [unit], |row| row.get(0)).expect("a class")
    });
    let confirmed = post.needs_confirmation().then_some((second, Instant(since + 1)));
    let seal = |confirmed: Option<(i64, Instant)>| {
        let seal = AppointmentSeal {
            staff,
            post: post.key(),
            unit,
            class,
            subject: None,
            since: Instant(since),
            given_by: giver,
            confirmed_by: confirmed.map(|(by, _)| by),
            confirmed_at: confirmed.map(|(_, at)| at),
        };
        seal.mac(keys)
    };
    let given = "INSERT INTO appointments (staff_id, post, unit_id, class_id, since, given_by, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    db.execute(given, params![staff, post.key(), unit, class, since, giver, seal(None)])
        .expect("it is given");
    if let Some((by, at)) = confirmed {
        let row = db.last_insert_rowid();
        let confirm = "UPDATE appointments SET confirmed_by = ?2, confirmed_at = ?3, mac = ?4 WHERE id = ?1";
        db.execute(confirm, params![row, by, at.0, seal(confirmed)]).expect("it is confirmed");
    }
}

/// Tells in the log what was written beside the Worker, as a batch of its own would.
pub(crate) fn told(db: &Connection) {
    db.execute_batch(
        "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail)
         SELECT (SELECT MAX(seq) FROM audit) + ROW_NUMBER() OVER (ORDER BY kind), (SELECT MAX(at) FROM audit), 0, 'record.changed', 'audit',
           (SELECT MAX(seq) FROM audit), json_object('kind', kind, 'rows', json(rows))
         FROM (SELECT kind, json_group_object(CAST(row_id AS TEXT), json(change)) AS rows FROM changes GROUP BY kind);
         DELETE FROM changes",
    )
    .expect("it is told");
}

impl App {
    /// A small university, with an account for everybody.
    pub fn small_university() -> Self {
        Self::with_small_university(&[])
    }

    /// Gives somebody of the university one more post.
    ///
    /// # Panics
    /// Where the database refuses it.
    pub fn appoint(&self, number: &str, post: Post, unit_name: &str) {
        let db = self.db();
        let unit = "SELECT id FROM units WHERE name = ?1";
        let unit: i64 = db.query_row(unit, [unit_name], |row| row.get(0)).expect("a unit");
        appoint(&db, &self.keys(), number, post, unit);
        told(&db);
    }

    /// Ends somebody's posts.
    ///
    /// # Panics
    /// Where the database refuses it.
    pub fn end_posts(&self, number: &str) {
        let db = self.db();
        let end = "UPDATE appointments SET until = since + 2, mac = mac || 'e' WHERE until IS NULL AND staff_id = (SELECT id FROM staff WHERE number = ?1)";
        assert!(db.execute(end, [number]).expect("they end") > 0);
        told(&db);
    }

    /// The class of a college.
    ///
    /// # Panics
    /// Where there is none.
    pub fn class_of(&self, college: &str) -> ClassId {
        let of = "SELECT c.id FROM classes c JOIN units u ON u.id = c.unit_id WHERE u.name = ?1";
        ClassId(self.db().query_row(of, [college], |row| row.get(0)).expect("a class"))
    }

    /// The Worker's time.
    ///
    /// # Panics
    /// Where nobody can sign in.
    pub fn now(&self, client: &Client) -> Instant {
        client.get("/api/me").json::<domain::account::Me>().now
    }

    /// A department's message to all guardians, with its application.
    pub fn department_draft(&self, sender: &Client) -> Draft {
        let now = self.now(sender);
        Draft {
            audience: Audience::AllGuardians,
            application: Some(Application {
                need: "告知家长选课安排".into(),
                content: "选课时间和办法".into(),
                audience: "全体学生家长".into(),
                sender: "何静".into(),
                from: Some(now.start_of_day()),
                until: Some(now.plus(30 * DAY)),
            }),
            ..draft_to(&[])
        }
    }

    /// A message of 教务处 that is approved: reviewed by its first responsible person, approved by its leader.
    pub fn department_approved(&self) -> (Client, MessageId) {
        let sender = self.signed_in(TEACHING_SENDER);
        let id = sender.draft(&self.department_draft(&sender));
        sender.submit(id);
        self.signed_in(TEACHING_FIRST).approve(id);
        self.signed_in(TEACHING_LEADER).approve(id);
        (sender, id)
    }

    /// A message of 商学院 that is released: reviewed by its leader, approved by its dean.
    pub fn college_notice(&self) -> (Client, MessageId) {
        let clerk = self.signed_in(BUSINESS_CLERK);
        let id = clerk.draft(&draft_to(&[self.class_of("商学院")]));
        clerk.submit(id);
        self.signed_in(BUSINESS_LEADER).approve(id);
        self.signed_in(BUSINESS_DEAN).approve(id);
        (clerk, id)
    }
}

/// A PDF that no other call gives.
pub fn pdf() -> Vec<u8> {
    format!("%PDF-1.4\n% {}\n%%EOF\n", fresh_key()).into_bytes()
}

impl Client {
    /// Stores a scan.
    #[track_caller]
    pub fn store_scan(&self, id: MessageId, bytes: &[u8]) -> Reply {
        self.upload(&format!("/api/messages/{id}/scan"), bytes)
    }

    /// Enters a message in the register under a number, with a scan of its own.
    #[track_caller]
    pub fn register(&self, id: MessageId, number: &str) -> Reply {
        let stored = self.store_scan(id, &pdf());
        if stored.status != 200 {
            return stored;
        }
        self.register_scan(id, number, &stored.json::<Scan>().sha256)
    }

    /// The same with a scan that is stored.
    #[track_caller]
    pub fn register_scan(&self, id: MessageId, number: &str, document: &str) -> Reply {
        let order = Register {
            number: number.into(),
            delivered_by: "何静".into(),
            place: "学生处档案柜".into(),
            document: document.into(),
        };
        self.post(&format!("/api/messages/{id}/registration"), &order)
    }

    /// Releases it as the designated sender.
    #[track_caller]
    pub fn release(&self, id: MessageId) -> Reply {
        self.post(&format!("/api/messages/{id}/release"), &())
    }

    /// Comments, asks or answers.
    #[track_caller]
    pub fn say(&self, id: MessageId, kind: &str, text: &str) -> Reply {
        self.post(&format!("/api/messages/{id}/comments"), &json!({ "kind": kind, "text": text }))
    }

    /// Registers its filing.
    #[track_caller]
    pub fn receive(&self, id: MessageId) -> Reply {
        self.post(&format!("/api/messages/{id}/filing"), &())
    }

    /// A message as this person sees it, if it is seen at all.
    pub fn sees(&self, id: MessageId) -> Option<MessageView> {
        let reply = self.get(&format!("/api/messages/{id}"));
        (reply.status == 200).then(|| reply.json())
    }
}
