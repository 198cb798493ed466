//! Signing in (G19, G38, G51): staff number or phone and a password that
//! nobody but its owner ever knows.

use serde::{Deserialize, Serialize};

use crate::access::Person;
use crate::ids::StaffId;
use crate::problem::Refusal;
use crate::school::SchoolView;
use crate::time::{HOUR, Instant, MINUTE, SECOND};
use crate::words;
use crate::words::Words;

/// Fewest characters of a password: one factor asks for 15 (NIST SP 800-63B-4).
pub const PASSWORD_MIN: usize = 15;
/// Most bytes of a password: hashing a very long one would cost too much CPU time.
pub const PASSWORD_MAX_BYTES: usize = 256;
/// How long a session lives: one office day.
pub const SESSION_LIFE: i64 = 8 * HOUR;
/// How long a session may be unused before it ends.
pub const SESSION_IDLE: i64 = 30 * MINUTE;
/// An activation link works for three days, once.
pub const ACTIVATION_LIFE: i64 = 72 * HOUR;
/// Failed tries before the next one has to wait.
const FREE_FAILURES: u32 = 4;

/// `POST /api/session`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignIn {
    /// Staff number (教职工号) or own phone number.
    pub login: String,
    /// The password.
    pub password: String,
}

/// `POST /api/activations/check` and, with the password, `POST /api/activations`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Activation {
    /// The token from the single-use link or the printed slip.
    pub token: String,
    /// The password its owner chooses; absent while only checking.
    #[serde(default)]
    pub password: Option<String>,
}

/// Whose account an activation link opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationView {
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
}

/// A slip to hand over (开通单): one person's single-use link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slip {
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// The whole link, ends in `/activate#<token>`.
    pub link: String,
    /// Until when it works.
    pub expires_at: Instant,
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

/// `GET /api/me` and the answer to a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Me {
    /// The person and the posts held now: all that the app shows follows from it.
    pub person: Person,
    /// The school.
    pub school: SchoolView,
    /// Messages that wait for this person's decision.
    pub waiting: u32,
    /// The Worker's clock, so that the app needs none of its own.
    pub now: Instant,
}

/// Whether a password may be chosen.
///
/// # Errors
/// Says what is wrong with it; composition is free, length is not.
pub fn check_new_password(password: &str, number: &str, name: &str) -> Result<(), Refusal> {
    let refuse = |words| Err(Refusal::field("weak_password", "password", words));
    if password.len() > PASSWORD_MAX_BYTES {
        return refuse(words!(
            "密码太长，请不超过 {PASSWORD_MAX_BYTES} 字节",
            "The password is too long: at most {PASSWORD_MAX_BYTES} bytes"
        ));
    }
    if password.chars().count() < PASSWORD_MIN {
        return refuse(words!(
            "密码至少 {PASSWORD_MIN} 个字符，可以用一句好记的话",
            "Use at least {PASSWORD_MIN} characters; a sentence is easy to remember"
        ));
    }
    let mut distinct: Vec<char> = password.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let lower = password.to_lowercase();
    let steps = lower.chars().zip(lower.chars().skip(1));
    let small = steps.filter(|(a, b)| (*b as u32).abs_diff(*a as u32) <= 1).count();
    let is_run = small * 5 >= lower.chars().count() * 4;
    if distinct.len() < 5 || is_run {
        return refuse(Words::fixed(
            "密码太简单，请不要重复或按顺序排列字符",
            "Too simple: do not repeat or count up characters",
        ));
    }
    if (!number.is_empty() && lower.replace(&number.to_lowercase(), "").chars().count() < 8)
        || (!name.is_empty() && lower.replace(&name.to_lowercase(), "").chars().count() < 8)
    {
        return refuse(Words::fixed(
            "密码不能只由姓名或教职工号拼成",
            "Do not build the password from your name or staff number",
        ));
    }
    Ok(())
}

/// How long after its last failure an account's next try must wait. It grows
/// and stays bounded, so that nobody can lock a colleague out for good.
pub fn throttle(failures: u32) -> i64 {
    match failures.checked_sub(FREE_FAILURES) {
        None | Some(0) => 0,
        Some(over) => (SECOND << over.min(20)).min(15 * MINUTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_is_bounded() {
        let waits: Vec<i64> = (0..20).map(|n| throttle(n) / SECOND).collect();
        assert_eq!(waits[..9], [0, 0, 0, 0, 0, 2, 4, 8, 16]);
        assert!(waits.is_sorted());
        assert_eq!(throttle(u32::MAX), 15 * MINUTE);
    }

    #[test]
    fn g51_weak_passwords_are_refused() {
        let refused = |p: &str| check_new_password(p, "T0001", "范知").is_err();
        for weak in [
            "",
            "短密码",
            "aaaaaaaaaaaaaaaaaaaa",
            "123456789012345",
            "abcdefghijklmnop",
            "T0001T0001T0001T0001",
            &"长".repeat(100),
        ] {
            assert!(refused(weak), "{weak}");
        }
        assert!(!refused("correct horse battery"));
        assert!(!refused("我们学校的梧桐树今年又长高了两米"));
    }
}
