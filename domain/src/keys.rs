//! Enums that stand in a column of the database. Such an enum has one name
//! for each value, which is its key in SQL, its JSON and its spelling in
//! audit entries; `keyed!` writes all three from one list.

/// Declares an enum whose values are known by a key.
///
/// It gets `ALL`, `key()` and `from_key()`, and serialises as its key, so
/// that a row of the database can hold it directly.
macro_rules! keyed {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$of:meta])* $value:ident = $key:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $vis enum $name {
            $($(#[$of])* #[serde(rename = $key)] $value),+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: [Self; [$($key),+].len()] = [$(Self::$value),+];

            /// The name in the database and on the wire.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$value => $key),+
                }
            }

            /// The value with this key.
            pub fn from_key(key: &str) -> Option<Self> {
                match key {
                    $($key => Some(Self::$value),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use keyed;

#[cfg(test)]
mod tests {
    use crate::access::Post;
    use crate::account::SlipState;
    use crate::account::device::{Browser, System};
    use crate::answer::AnswerKind;
    use crate::appointment::ConfirmBar;
    use crate::approval::procedure::Standing;
    use crate::approval::{Need, Scope, StepKind, Verdict};
    use crate::audit::{AuditAction, PersonKind, RecordKind, VerifyPart};
    use crate::checklist::CheckPoint;
    use crate::delivery::{
        ApartReason, AttemptState, BatchState, DeliveryState, PartOutcome, PlaceState, Reason, RoundKind,
        RoundState, StreamKind,
    };
    use crate::filing::{CommentKind, ScanKind};
    use crate::message::{
        AnswerLevel, Category, Hold, HoldReason, MessageBox, MessageState, Mode, RecipientKind,
    };
    use crate::provider::{FilingState, ProviderKind};
    use crate::roster::ImportKind;
    use crate::roster::people::{LeaveReason, NumberState};
    use crate::school::UnitKind;

    /// That no two values share a key is seen here as well: the second would read back as the first.
    #[test]
    fn keys_read_back_and_are_the_json() {
        macro_rules! check {
            ($($name:ident),+ $(,)?) => {$(
                for value in $name::ALL {
                    assert_eq!($name::from_key(value.key()), Some(value));
                    assert_eq!(serde_json::to_value(value).expect("json"), value.key());
                    assert_eq!(serde_json::from_value::<$name>(value.key().into()).expect("a key"), value);
                }
                assert_eq!($name::from_key("no such key"), None);
            )+};
        }
        check!(
            AnswerKind,
            AnswerLevel,
            ApartReason,
            AttemptState,
            AuditAction,
            BatchState,
            Browser,
            Category,
            CommentKind,
            ConfirmBar,
            CheckPoint,
            DeliveryState,
            FilingState,
            Hold,
            HoldReason,
            ImportKind,
            LeaveReason,
            MessageBox,
            MessageState,
            Mode,
            Need,
            NumberState,
            PartOutcome,
            PersonKind,
            PlaceState,
            Post,
            ProviderKind,
            Reason,
            RecipientKind,
            RecordKind,
            RoundKind,
            RoundState,
            ScanKind,
            Scope,
            SlipState,
            Standing,
            StepKind,
            StreamKind,
            System,
            UnitKind,
            Verdict,
            VerifyPart,
        );
    }
}
