//! Messages: the list, writing one, and the one page on which drafter,
//! approver and reader see the same message.

mod actions;
mod application;
mod applied;
mod asked;
mod audience;
mod chain;
mod common;
mod compose;
mod conflict;
mod deliveries;
mod diff;
mod editor;
mod errors;
mod findings;
mod form;
mod funnel;
mod history;
mod list;
mod names;
mod next;
mod page;
mod papers;
mod passages;
mod preview;
mod remarks;
mod returning;
mod row;
mod students;
mod submit;
mod summary;
mod templates;
mod units;

pub use common::title_or_none;
pub use compose::ComposePage;
pub use list::MessageListPage;
pub use page::MessagePage;
pub use row::MessageRow;
