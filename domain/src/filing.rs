//! Papers beside a message (G5, G7): the written application of a department (书面申请), the
//! registration of its signed original (登记备案), the release by the designated sender, and the
//! filing (备案) of what a college sends.

use serde::{Deserialize, Serialize};

use crate::access::Post;
use crate::blank::is_blank;
use crate::ids::MessageId;
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::time::{DAY, Instant};
use crate::words;
use crate::words::Words;

/// Most characters of a field of the application.
pub const APPLICATION_MAX: usize = 500;
/// Longest period that one application can ask for.
pub const PERIOD_MAX: i64 = 366 * DAY;
/// Most bytes of a scan.
pub const SCAN_BYTES_MAX: usize = 5_000_000;
/// Most characters of a register number, of a name and of a place.
pub const NUMBER_MAX: usize = 40;
/// Most characters of a comment.
pub const COMMENT_MAX: usize = 500;
/// Days within which a filing is to be registered, until the school sets others.
pub const FILING_DAYS: u32 = 3;
/// Most days that can be set.
pub const FILING_DAYS_MAX: u32 = 60;

/// What a department applies for (书面申请): part of the draft, frozen with it, and inside the digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Application {
    /// What it is needed for (使用需求).
    pub need: String,
    /// What is to be sent (发送内容).
    pub content: String,
    /// To whom (发送对象), in the department's words.
    pub audience: String,
    /// Who sends it (发送人).
    pub sender: String,
    /// From when.
    #[serde(default)]
    pub from: Option<Instant>,
    /// Until when; nothing is released afterwards.
    #[serde(default)]
    pub until: Option<Instant>,
}

impl Application {
    fn texts(&self) -> [(&'static str, Words, &str); 4] {
        [
            ("application.need", Words::fixed("使用需求", "What it is needed for"), &self.need),
            ("application.content", Words::fixed("发送内容", "What is sent"), &self.content),
            ("application.audience", Words::fixed("发送对象", "To whom"), &self.audience),
            ("application.sender", Words::fixed("发送人", "Who sends"), &self.sender),
        ]
    }

    /// What holds as soon as it is saved.
    pub fn check_saving(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for (field, title, text) in self.texts() {
            let over = text.chars().count().saturating_sub(APPLICATION_MAX);
            if over > 0 {
                let (zh, en) = (title.zh, title.en);
                refusals.push(Refusal::field(
                    "application_too_long",
                    field,
                    words!(
                        "“{zh}”最多 {APPLICATION_MAX} 个字，请删去 {over} 个",
                        "“{en}” is {over} characters too long (at most {APPLICATION_MAX})"
                    ),
                ));
            }
        }
        for (field, at) in [("application.from", self.from), ("application.until", self.until)] {
            if at.is_some_and(|at| !(0..=Instant::MAX.0).contains(&at.0)) {
                refusals.push(Refusal::field(
                    "time_impossible",
                    field,
                    Words::fixed("日期不正确，请重新选择", "That is no possible day: choose another"),
                ));
            }
        }
        refusals
    }

    /// What a department's message lacks at submission: need, content, audience, period and sender.
    pub fn check_submission(given: Option<&Self>, send_at: Option<Instant>, now: Instant) -> Vec<Refusal> {
        let Some(given) = given else {
            return vec![Refusal::field(
                "application_missing",
                "application",
                Words::fixed(
                    "部门使用须先书面申请：请填写使用需求、发送内容、发送对象、使用期限和发送人",
                    "A department applies in writing first: state the need, content, audience, period and sender",
                ),
            )];
        };
        let mut refusals = Vec::new();
        for (field, title, text) in given.texts() {
            if is_blank(text) {
                let (zh, en) = (title.zh, title.en);
                refusals.push(Refusal::field(
                    "application_missing",
                    field,
                    words!("书面申请请填写“{zh}”", "The application has to say: {en}"),
                ));
            }
        }
        let (Some(from), Some(until)) = (given.from, given.until) else {
            let field = if given.from.is_none() { "application.from" } else { "application.until" };
            refusals.push(Refusal::field(
                "application_missing",
                field,
                Words::fixed("书面申请请填写使用期限", "The application has to state its period"),
            ));
            return refusals;
        };
        let period = |kind: &'static str, words: Words| Refusal::field(kind, "application.until", words);
        if until <= from {
            refusals.push(period(
                "period_reversed",
                Words::fixed("使用期限的结束日期不能早于开始日期", "The period ends before it begins"),
            ));
        } else if until <= now {
            refusals.push(period(
                "period_over",
                Words::fixed("申请的使用期限已过，请重新填写", "The period is over already: state another"),
            ));
        } else if until.0.saturating_sub(from.0) > PERIOD_MAX {
            refusals.push(period(
                "period_too_long",
                Words::fixed("使用期限最长一年", "A period is at most a year long"),
            ));
        } else if send_at.is_some_and(|at| at < from || at >= until) {
            refusals.push(Refusal::field(
                "outside_period",
                "send_at",
                Words::fixed(
                    "定时时间不在申请的使用期限内",
                    "That time lies outside the period that is applied for",
                ),
            ));
        }
        refusals
    }

    /// Whether something can be released at this moment.
    pub fn holds_at(&self, now: Instant) -> bool {
        self.from.is_some_and(|from| from <= now) && self.until.is_some_and(|until| now < until)
    }
}

impl Post {
    /// Whether its holder enters in the register, and registers filings, what a step asks of `asked`:
    /// the posts of one office do so for one another. The view `posts_that_register` says the same.
    pub fn registers_for(self, asked: Self) -> bool {
        let office = |post: Self| match post {
            Self::StudentAffairsHead | Self::StudentAffairsDeputy | Self::StudentAffairsClerk => Some(1),
            Self::OfficeDirector | Self::OfficeClerk => Some(2),
            _ => None,
        };
        office(self).is_some() && office(self) == office(asked)
    }
}

keyed! {
    /// What a scan is, by its first bytes: never by what the browser says.
    pub enum ScanKind {
        /// PDF.
        Pdf = "application/pdf",
        /// JPEG.
        Jpeg = "image/jpeg",
        /// PNG.
        Png = "image/png",
        /// WebP.
        Webp = "image/webp",
    }
}

impl ScanKind {
    /// What these bytes are; none where they are neither a picture nor a PDF.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// How a file of it is called.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

/// A scan that is stored, by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scan {
    /// SHA-256 of the file, 64 hexadecimal characters.
    pub sha256: String,
    /// What it is.
    pub kind: ScanKind,
    /// Bytes.
    pub size: u32,
}

/// `POST /api/messages/{id}/registration`: the entry in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Register {
    /// The number in the register (登记号): unique within the year.
    pub number: String,
    /// Who brought the signed original.
    pub delivered_by: String,
    /// Where it is kept.
    #[serde(default)]
    pub place: String,
    /// The stored scan of it, by its hash.
    pub document: String,
}

impl Register {
    /// What is lacking.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let texts = [
            ("number", Words::fixed("登记号", "register number"), &self.number, true),
            ("delivered_by", Words::fixed("送交人", "who brought the original"), &self.delivered_by, true),
            ("place", Words::fixed("原件存放处", "where the original is kept"), &self.place, false),
        ];
        for (field, title, text, is_needed) in texts {
            let (zh, en) = (title.zh, title.en);
            if is_needed && is_blank(text) {
                refusals.push(Refusal::field(
                    "registration_incomplete",
                    field,
                    words!("请填写{zh}", "Enter the {en}"),
                ));
            } else if text.chars().count() > NUMBER_MAX {
                refusals.push(Refusal::field(
                    "registration_too_long",
                    field,
                    words!("{zh}最多 {NUMBER_MAX} 个字", "The {en} has at most {NUMBER_MAX} characters"),
                ));
            }
        }
        let is_hash = self.document.len() == 64 && self.document.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hash {
            refusals.push(Refusal::field(
                "scan_missing",
                "document",
                Words::fixed("请先上传审批原件的扫描件", "Upload the scan of the signed original first"),
            ));
        }
        refusals
    }
}

/// A registration for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registration {
    /// The year of its number.
    pub year: u32,
    /// The number in the register.
    pub number: String,
    /// Who brought the signed original.
    pub delivered_by: String,
    /// Where it is kept.
    pub place: String,
    /// Who entered it.
    pub by: String,
    /// When.
    pub at: Instant,
    /// The scan, where the step asks for one.
    pub scan: Option<Scan>,
}

/// A filing for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filing {
    /// The year of its number.
    pub year: u32,
    /// 1, 2, 3, … within the year.
    pub no: u32,
    /// When it was filed: with the release.
    pub at: Instant,
    /// By when it is to be registered.
    pub due: Instant,
    /// Who registered it; none while nobody has.
    pub received_by: Option<String>,
    /// When.
    pub received_at: Option<Instant>,
}

impl Filing {
    /// Its number (备案号), as a school writes it.
    pub fn number(&self) -> String {
        filing_number(self.year, self.no)
    }

    /// Whether it waits for longer than the school has set.
    pub fn is_late(&self, now: Instant) -> bool {
        self.received_at.is_none() && now > self.due
    }
}

/// 备案号.
pub fn filing_number(year: u32, no: u32) -> String {
    format!("备〔{year}〕{no}号")
}

keyed! {
    /// What somebody says beside a message.
    pub enum CommentKind {
        /// 协助指导: a comment.
        Comment = "comment",
        /// A question to the sender.
        Question = "question",
        /// The sender's answer.
        Answer = "answer",
    }
}

impl CommentKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Comment => Words::fixed("意见", "Comment"),
            Self::Question => Words::fixed("询问", "Question"),
            Self::Answer => Words::fixed("答复", "Answer"),
        }
    }
}

/// `POST /api/messages/{id}/comments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewComment {
    /// What it is: an answer is the sender's, the others are of whoever keeps the register.
    pub kind: CommentKind,
    /// What is said.
    pub text: String,
}

impl NewComment {
    /// The text as it is kept.
    ///
    /// # Errors
    /// Where there is none, or it is too long.
    pub fn checked(&self) -> Result<&str, Refusal> {
        let text = self.text.trim();
        if !is_blank(text) && text.chars().count() <= COMMENT_MAX {
            return Ok(text);
        }
        Err(Refusal::field(
            "comment_text",
            "text",
            words!("请写 1 到 {COMMENT_MAX} 个字", "Write between 1 and {COMMENT_MAX} characters"),
        ))
    }
}

/// A comment for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comment {
    /// What it is.
    pub kind: CommentKind,
    /// About which version.
    pub version: u32,
    /// Who said it.
    pub by: String,
    /// What.
    pub text: String,
    /// When.
    pub at: Instant,
}

/// That the designated sender has ordered the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ordered {
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// What lies beside a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Papers {
    /// The entry in the register.
    pub registration: Option<Registration>,
    /// The filing.
    pub filing: Option<Filing>,
    /// The designated sender's order to release.
    pub ordered: Option<Ordered>,
    /// What was said, oldest first.
    pub comments: Vec<Comment>,
}

/// What waits for somebody because of papers, on the home page. Messages to register are among those that
/// wait for this person anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Desk {
    /// Filings that this person may register.
    pub to_receive: u32,
    /// Of these, the late ones.
    pub late: u32,
    /// When the late ones were chased last.
    pub chased_at: Option<Instant>,
    /// Messages that this person may release as designated sender.
    pub to_release: u32,
    /// Own messages with a question that is not answered.
    pub asked: u32,
}

/// A message that waits for its registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToRegister {
    /// The message.
    pub message: MessageId,
    /// Its title.
    pub title: String,
    /// The sender as recipients see it.
    pub sender: String,
    /// When its last step was approved.
    pub approved_at: Instant,
}

/// A line of the list of filings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FilingLine {
    /// The message.
    pub message: MessageId,
    /// Its title.
    pub title: String,
    /// The sender as recipients see it.
    pub sender: String,
    /// The filing.
    pub filing: Filing,
    /// Whether a question about it is not answered.
    pub is_asked: bool,
    /// How often it was chased.
    pub chased: u32,
}

/// `GET /api/filings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filings {
    /// Days within which a filing is to be registered.
    pub days: u32,
    /// Messages that wait for their registration, the longest first.
    pub to_register: Vec<ToRegister>,
    /// Filings: those that wait, the late ones first; then the newest that are registered.
    pub filings: Vec<FilingLine>,
}

/// `PUT /api/filings/limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FilingLimit {
    /// Days.
    pub days: u32,
}

impl FilingLimit {
    /// Whether it can be set.
    ///
    /// # Errors
    /// Where it is none, or too long.
    pub fn checked(self) -> Result<u32, Refusal> {
        if (1..=FILING_DAYS_MAX).contains(&self.days) {
            return Ok(self.days);
        }
        Err(Refusal::field(
            "filing_days",
            "days",
            words!("期限为 1 到 {FILING_DAYS_MAX} 天", "Between 1 and {FILING_DAYS_MAX} days"),
        ))
    }
}

/// What is lacking where a chain has a registration that nobody can make.
pub fn nobody_registers(post: Post) -> Refusal {
    let title = post.title();
    let (zh, en) = (title.zh, title.en);
    Refusal::state(
        "step_without_person",
        words!(
            "“登记（{zh}）”这一步没有可以办理的人，请校办室先任命并确认",
            "Nobody can take the step “Registration ({en})”: ask the office to appoint someone and have that confirmed"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Application {
        Application {
            need: "通知家长缴费".into(),
            content: "缴费时间和办法".into(),
            audience: "2023级学生家长".into(),
            sender: "李四".into(),
            from: Some(Instant(1_000)),
            until: Some(Instant(1_000 + DAY)),
        }
    }

    fn kinds(given: Option<&Application>, send_at: Option<i64>, now: i64) -> Vec<String> {
        let refusals = Application::check_submission(given, send_at.map(Instant), Instant(now));
        refusals.into_iter().map(|r| r.kind.into_owned()).collect()
    }

    #[test]
    fn g7_an_application_states_everything() {
        assert_eq!(kinds(Some(&whole()), None, 2_000), [""; 0]);
        assert_eq!(kinds(None, None, 2_000), ["application_missing"]);
        let without: [fn(&mut Application); 6] = [
            |a| a.need.clear(),
            |a| a.content = " ".into(),
            |a| a.audience.clear(),
            |a| a.sender.clear(),
            |a| a.from = None,
            |a| a.until = None,
        ];
        for takes_away in without {
            let mut lacking = whole();
            takes_away(&mut lacking);
            assert_eq!(kinds(Some(&lacking), None, 2_000), ["application_missing"], "{lacking:?}");
        }
    }

    #[test]
    fn g7_a_period_ends_and_holds_what_is_sent() {
        assert_eq!(kinds(Some(&whole()), None, 1_000 + DAY), ["period_over"]);
        assert_eq!(
            kinds(Some(&Application { until: Some(Instant(900)), ..whole() }), None, 0),
            ["period_reversed"]
        );
        assert_eq!(kinds(Some(&whole()), Some(1_000 + DAY), 2_000), ["outside_period"]);
        let long = Application { until: Some(Instant(1_001 + PERIOD_MAX)), ..whole() };
        assert_eq!(kinds(Some(&long), None, 2_000), ["period_too_long"]);
        assert!(whole().holds_at(Instant(1_000)) && !whole().holds_at(Instant(1_000 + DAY)));
        assert!(!whole().holds_at(Instant(999)));
    }

    #[test]
    fn a_scan_is_known_by_its_first_bytes() {
        let known: [(&[u8], Option<ScanKind>); 7] = [
            (b"%PDF-1.7\n", Some(ScanKind::Pdf)),
            (b"\xFF\xD8\xFF\xE0", Some(ScanKind::Jpeg)),
            (b"\x89PNG\r\n\x1A\n", Some(ScanKind::Png)),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some(ScanKind::Webp)),
            (b"<svg xmlns=", None),
            (b"<html>%PDF-", None),
            (b"", None),
        ];
        for (bytes, kind) in known {
            assert_eq!(ScanKind::of(bytes), kind);
        }
    }

    #[test]
    fn the_posts_of_one_office_register_for_one_another() {
        assert!(Post::StudentAffairsHead.registers_for(Post::StudentAffairsClerk));
        assert!(Post::OfficeClerk.registers_for(Post::OfficeDirector));
        for (post, asked) in [
            (Post::OfficeClerk, Post::StudentAffairsClerk),
            (Post::DesignatedSender, Post::StudentAffairsClerk),
            (Post::Principal, Post::Principal),
        ] {
            assert!(!post.registers_for(asked), "{post:?}");
        }
    }
}
