//! Accounts: signing in and out, activation, who has one, and one's own.

mod activate;
mod appointments;
mod delegations;
mod departures;
mod frame;
mod giving;
mod member;
mod mine;
mod notice;
mod pending;
mod posts;
mod powers;
mod qr;
mod security;
mod sign_in;
mod sign_out;
mod slips;
mod staff;
mod told;

pub use activate::ActivatePage;
pub use appointments::{AppointmentsPage, ToConfirm, Unconfirmed};
pub use delegations::DelegationsPage;
pub use departures::DeparturesPage;
pub use member::MemberPage;
pub use mine::MinePage;
pub use notice::ResetNotices;
pub use pending::SlipsToConfirm;
pub use posts::posts_line;
pub use powers::PowersPage;
pub use qr::Qr;
pub use security::SecurityPage;
pub use sign_in::SignInPage;
pub use sign_out::SignOut;
pub use slips::Slips;
pub use staff::StaffPage;
pub use told::PostNotices;
