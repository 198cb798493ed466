//! The demo's pretend telephone network: what each number does, so that
//! every outcome can be watched without a single real SMS.

use crate::delivery::Reason;
use crate::phone::Phone;
use crate::time::{Instant, MINUTE};
use crate::words::Words;

/// What a number does in the sandbox, by its last three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    /// Takes the SMS and reports it delivered at once.
    Plain,
    /// `001`: the provider refuses it.
    Refused,
    /// `002`: taken, then reported undelivered.
    Undelivered,
    /// `003`: taken, and no receipt ever.
    NoReceipt,
    /// `004`: the receipt comes two minutes late.
    Late,
    /// `005`: the call times out although the SMS were taken.
    TimeoutTaken,
    /// `006`: the call times out at the first attempt and nothing was taken.
    TimeoutAbsent,
}

/// What becomes of an SMS that the pretend network has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// `delivered`, `undelivered`, `never`.
    pub outcome: &'static str,
    /// When its receipt comes; none for `never`.
    pub receipt_at: Option<Instant>,
}

impl Magic {
    /// The numbers that do something else than deliver.
    pub const ALL: [Self; 6] = [
        Self::Refused,
        Self::Undelivered,
        Self::NoReceipt,
        Self::Late,
        Self::TimeoutTaken,
        Self::TimeoutAbsent,
    ];

    /// What this number does.
    pub fn of(phone: &Phone) -> Self {
        Self::ALL.into_iter().find(|m| phone.digits().ends_with(m.ending())).unwrap_or(Self::Plain)
    }

    /// The ending, empty for all other numbers.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Refused => "001",
            Self::Undelivered => "002",
            Self::NoReceipt => "003",
            Self::Late => "004",
            Self::TimeoutTaken => "005",
            Self::TimeoutAbsent => "006",
        }
    }

    /// For the page that documents it.
    pub fn words(self) -> Words {
        match self {
            Self::Plain => Words::fixed("立即送达", "Delivered at once"),
            Self::Refused => Words::fixed("提交时被拒：号码不存在", "Refused at submission: no such number"),
            Self::Undelivered => Words::fixed(
                "已提交，随后报告未送达：手机关机",
                "Submitted, then reported undelivered: phone off",
            ),
            Self::NoReceipt => Words::fixed("已提交，永远没有回执", "Submitted, and never a receipt"),
            Self::Late => Words::fixed("回执晚到两分钟", "The receipt comes two minutes late"),
            Self::TimeoutTaken => Words::fixed(
                "提交超时，但其实已收下：整批结果待查，查明后不重发",
                "The call times out although it was taken: unknown, then found out, nothing sent twice",
            ),
            Self::TimeoutAbsent => Words::fixed(
                "首次提交超时且未收下：整批查明后补发一次",
                "The first call times out and nothing was taken: found out, then sent",
            ),
        }
    }

    /// Why the provider refuses the number, where it does.
    pub fn refusal(self) -> Option<Reason> {
        (self == Self::Refused).then_some(Reason::NumberInvalid)
    }

    /// What becomes of an SMS taken at `now`.
    pub fn fate(self, now: Instant) -> Fate {
        match self {
            Self::Undelivered => Fate { outcome: "undelivered", receipt_at: Some(now) },
            Self::NoReceipt => Fate { outcome: "never", receipt_at: None },
            Self::Late => Fate { outcome: "delivered", receipt_at: Some(now.plus(2 * MINUTE)) },
            _ => Fate { outcome: "delivered", receipt_at: Some(now) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_what_numbers_do() {
        let of = |digits: &str| Magic::of(&Phone::parse(digits).expect("a mobile"));
        assert_eq!(of("19900001001"), Magic::Refused);
        assert_eq!(of("19900001006"), Magic::TimeoutAbsent);
        assert_eq!(of("19900001007"), Magic::Plain);
        assert_eq!(of("19900010010"), Magic::Plain);
    }
}
