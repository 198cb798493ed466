//! Messages (message): drafts, what they would send to whom, submission with
//! its frozen list, and what becomes visible to whom.

pub mod audience;
pub mod children;
pub mod commit;
pub mod held;
pub mod list;
pub mod may;
pub mod remind;
pub mod routes;
pub mod rows;
pub mod take_over;
pub mod transition;
pub mod view;
pub mod visibility;
