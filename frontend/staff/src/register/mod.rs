//! The register: its page, a message's sheet, the check of a digest on paper,
//! what goes out this week, and the files that leave the app.

mod agenda;
mod download;
mod list;
mod sheet;
mod table;
mod verify;
mod workbook;

pub use agenda::AgendaPage;
pub use list::RegisterPage;
pub use sheet::SheetPage;
pub use verify::VerifyPage;
