//! Activation slips (开通单): how somebody gets into the own account without
//! anybody else ever knowing the password.
//!
//! The first slip of an account is ordered by one person who manages accounts.
//! One for an account that is active would hand its power to whoever holds the
//! paper: a second person, who manages accounts or leads the school, confirms it before there is anything to hand over,
//! the owner is told, and for three days the account does not decide on what
//! those two have written.

use data_encoding::{DecodeError, Encoding, Specification};
use serde::{Deserialize, Serialize};

use crate::ids::{SlipId, StaffId};
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::school::PersonRef;
use crate::time::{HOUR, Instant};
use crate::words;

/// An activation slip works for three days, once.
pub const ACTIVATION_LIFE: i64 = 72 * HOUR;
/// For so long after a reset its owner does not decide on what those who ordered and confirmed it wrote.
pub const RESET_CAUTION: i64 = 72 * HOUR;
/// Bytes of a code: 80 bits, 16 characters to type.
pub const CODE_BYTES: usize = 10;
/// Characters of a group, as a code is written.
const GROUP: usize = 4;

/// Crockford's alphabet: no I, L, O and U, and whoever types one of them is understood.
fn alphabet() -> Result<Encoding, data_encoding::SpecificationError> {
    let mut spec = Specification::new();
    spec.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    spec.translate.from.push_str("abcdefghjkmnpqrstvwxyzOoIiLl");
    spec.translate.to.push_str("ABCDEFGHJKMNPQRSTVWXYZ001111");
    spec.encoding()
}

/// A code as it is written on the slip: `7KQM-2XZ9-PHAB-3RTD`.
pub fn write_code(bytes: &[u8; CODE_BYTES]) -> String {
    // The alphabet is a fixed text; a test reads and writes it.
    let text = alphabet().map(|a| a.encode(bytes)).unwrap_or_default();
    let groups: Vec<&str> =
        (0..text.len()).step_by(GROUP).filter_map(|at| text.get(at..at + GROUP)).collect();
    groups.join("-")
}

/// A code as somebody typed it, with spaces, in small letters or in full width; none where it is no code.
pub fn read_code(text: &str) -> Option<[u8; CODE_BYTES]> {
    let half = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    };
    let typed: String =
        text.chars().map(half).filter(|c| !c.is_whitespace() && !"-_–—.".contains(*c)).take(64).collect();
    let read = |a: Encoding| -> Result<Vec<u8>, DecodeError> { a.decode(typed.as_bytes()) };
    read(alphabet().ok()?).ok()?.try_into().ok()
}

/// `POST /api/activations/check` and, with the password, `POST /api/activations`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Activation {
    /// The code on the slip, which is also what its link ends in.
    pub token: String,
    /// The password its owner chooses; absent while only checking.
    #[serde(default)]
    pub password: Option<String>,
}

/// Whose account a slip opens, and what the page needs to say beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationView {
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Whether the account was active: a new password takes the place of one.
    pub reset: bool,
    /// The school's name: no password is made of it.
    pub school: String,
    /// The school's own word for the platform.
    pub platform_word: String,
    /// Whether this is the demo.
    pub demo: bool,
}

/// A slip to hand over (开通单): one person's single-use link and code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slip {
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// The whole link, ends in `/activate#<code>`; empty where it was shown before, or is not there yet.
    pub link: String,
    /// The code, for typing; as the link.
    #[serde(default)]
    pub code: String,
    /// Until when it works, or until when it waits for the second person.
    pub expires_at: Instant,
    /// Whether a second person has to confirm it first: the account is active.
    #[serde(default)]
    pub waits: bool,
}

/// `POST /api/staff/activations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlipOrder {
    /// For whom; empty for all who have no active account.
    pub staff: Vec<StaffId>,
}

/// The answer to `POST /api/setup`: how the first administrators get in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slips {
    /// One for each.
    pub slips: Vec<Slip>,
}

keyed! {
    /// Why a slip is shown to those who manage accounts.
    pub enum SlipState {
        /// A second person has to confirm it.
        Waiting = "waiting",
        /// Used; its owner says that it was somebody else.
        Reported = "reported",
    }
}

/// A slip that somebody has to look at, in `GET /api/staff/activations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlipView {
    /// Its id.
    pub id: SlipId,
    /// Why.
    pub state: SlipState,
    /// Whose account.
    pub owner: PersonRef,
    /// Who ordered it.
    pub ordered_by: PersonRef,
    /// When.
    pub ordered_at: Instant,
    /// Who confirmed it.
    pub confirmed_by: Option<PersonRef>,
    /// Until when it waits; when it was used, where it was.
    pub until: Instant,
    /// Whether the reader may confirm it.
    pub may_confirm: bool,
}

/// Whether somebody may confirm the slip of an active account.
///
/// # Errors
/// Says who else has to.
pub fn may_confirm(reader: StaffId, ordered_by: StaffId, owner: StaffId) -> Result<(), Refusal> {
    if reader == ordered_by {
        return Err(Refusal::rights(
            "second_person",
            crate::words::Words::fixed(
                "这张开通单由您申请，须由另一位管理账号的人或校领导确认",
                "You ordered this slip: another person who manages accounts, or a leader of the school, has to confirm it",
            ),
        ));
    }
    if reader == owner {
        return Err(Refusal::rights(
            "own_slip",
            crate::words::Words::fixed(
                "这是您自己的账号，须由申请人以外的另一人确认；想换密码请到“我的”页修改",
                "This is your own account: somebody else has to confirm. To change your password go to “Me”",
            ),
        ));
    }
    Ok(())
}

/// A reset of the reader's own account, in `GET /api/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResetView {
    /// Its slip's id.
    pub id: SlipId,
    /// Who ordered it.
    pub ordered_by: String,
    /// When.
    pub ordered_at: Instant,
    /// Who confirmed it.
    pub confirmed_by: String,
    /// When.
    pub confirmed_at: Instant,
    /// When the slip was used.
    pub used_at: Instant,
    /// Until when the owner does not decide on what those two wrote.
    pub caution_until: Instant,
    /// When the owner said that it was somebody else.
    pub reported_at: Option<Instant>,
}

/// `POST /api/me/resets/{id}`: what the owner says of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResetAnswer {
    /// Whether the owner wanted and used it.
    pub mine: bool,
}

/// A reset that is recent enough to matter for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Reset {
    /// Who ordered it.
    pub ordered_by: StaffId,
    /// Who confirmed it.
    pub confirmed_by: StaffId,
    /// When it was used.
    pub used_at: Instant,
}

/// Whether the owner of a reset account may decide on a message: not on what those wrote who could have opened the
/// account by the slip.
///
/// # Errors
/// Says until when not.
pub fn may_decide_after_reset(resets: &[Reset], author: StaffId, now: Instant) -> Result<(), Refusal> {
    let bars = |r: &&Reset| {
        (r.ordered_by == author || r.confirmed_by == author) && r.used_at.plus(RESET_CAUTION) > now
    };
    let Some(until) = resets.iter().filter(bars).map(|r| r.used_at.plus(RESET_CAUTION)).max() else {
        return Ok(());
    };
    let until = until.words();
    let (zh, en) = (until.zh, until.en);
    Err(Refusal::rights(
        "after_reset",
        words!(
            "您的密码刚由这条信息的起草人申请或确认重设过，{zh} 之前不能审批其起草的信息，请由其他人审批",
            "Your password was reset on the word of this message's drafter: until {en} somebody else decides on it"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let bytes = [0x3a, 0x5c, 0xe1, 0x09, 0xff, 0x42, 0x00, 0x17, 0xb8, 0xd3];
        let code = write_code(&bytes);
        assert_eq!(code, "79EE-22FZ-8801-FE6K", "codes on paper stay readable");
        for typed in [
            "79ee 22fz 8801 fe6k",
            "７９ＥＥ－２２ＦＺ－８８０１－ＦＥ６Ｋ",
            "79EE22FZ88OlFE6K",
            " 79EE-22FZ-8801-FE6K\n",
        ] {
            assert_eq!(read_code(typed), Some(bytes), "{typed}");
        }
        for wrong in [
            "",
            "79EE",
            "79EE-22FZ-8801-FE6",
            "79EE-22FZ-8801-FE6K-0",
            "79EE-22FZ-8801-FE6U",
            "开通单开通单开通单开通单",
        ] {
            assert_eq!(read_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_second_person_is_neither_who_ordered_nor_the_owner() {
        assert!(may_confirm(StaffId(3), StaffId(1), StaffId(2)).is_ok());
        assert_eq!(
            may_confirm(StaffId(1), StaffId(1), StaffId(2)).expect_err("a refusal").kind,
            "second_person"
        );
        assert_eq!(may_confirm(StaffId(2), StaffId(1), StaffId(2)).expect_err("a refusal").kind, "own_slip");
    }

    #[test]
    fn for_three_days_a_reset_account_is_careful_with_those_two() {
        let reset = Reset { ordered_by: StaffId(1), confirmed_by: StaffId(2), used_at: Instant(0) };
        let last = Instant(RESET_CAUTION - 1);
        for author in [1, 2] {
            assert!(may_decide_after_reset(&[reset], StaffId(author), last).is_err());
            assert!(may_decide_after_reset(&[reset], StaffId(author), Instant(RESET_CAUTION)).is_ok());
        }
        assert!(may_decide_after_reset(&[reset], StaffId(3), last).is_ok());
        assert!(may_decide_after_reset(&[], StaffId(1), last).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in proptest::array::uniform10(0u8..)) {
            let code = write_code(&bytes);
            prop_assert_eq!(code.len(), 19);
            prop_assert_eq!(read_code(&code), Some(bytes));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = read_code(&text);
        }
    }
}
