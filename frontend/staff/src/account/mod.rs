//! Accounts: signing in and out, activation, who has one, and one's own.

mod activate;
mod frame;
mod mine;
mod posts;
mod sign_in;
mod sign_out;
mod slips;
mod staff;

pub use activate::ActivatePage;
pub use mine::MinePage;
pub use posts::posts_line;
pub use sign_in::SignInPage;
pub use sign_out::SignOut;
pub use staff::StaffPage;
