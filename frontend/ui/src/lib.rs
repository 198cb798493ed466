//! The design system: what every screen of Xiaoxun is put together from.
//!
//! Look and measures are WeUI's (npm `weui` 2.6.26, MIT), which parents and
//! teachers know from WeChat, cut to what is used; see `style/tokens.css`.
//! Components bind labels, hints and errors to their controls themselves, so
//! that a page cannot forget it. Nothing here uses an inline style: the
//! staff app's content security policy allows none.
//!
//! Words reach a component as `Signal<String>`: a `&str` or `String` for a
//! name, [`t`] for fixed words, [`tw`] for words that change.

mod button;
mod choice;
mod dialog;
mod feedback;
mod form;
mod fresh_id;
mod icon;
mod lang;
mod list;
mod page;
mod shell;
mod toast;

pub use button::{Button, ButtonKind, ButtonLink};
pub use choice::{CheckOption, CheckboxList, RadioList, Segmented};
pub use dialog::{ConfirmDialog, Dialog};
pub use feedback::{Badge, Banner, EmptyState, ErrorState, Progress, Skeleton, Stat, Tone};
pub use form::{FormField, Select, SelectOption, TextArea, TextInput};
pub use icon::{Icon, IconName};
pub use lang::{LangSwitch, follow_browser_lang, provide_lang, t, tw, use_lang};
pub use list::{Card, Fact, Facts, List, ListItem};
pub use page::{Page, PhoneBack};
pub use shell::{NavItem, Shell};
pub use toast::{ToastHost, Toasts, provide_toasts, use_toasts};
