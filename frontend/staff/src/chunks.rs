//! The app comes in chunks: what everybody needs at once (sign-in and start
//! page), a teacher's pages (messages, classes, one's own), the register, which
//! brings the writer of spreadsheets along, and the office's pages with what is
//! rarely opened. A chunk is fetched when one of its pages
//! is opened, or ahead of that when the browser has nothing to do, so that the
//! first load stays small.
//!
//! The build cuts the wasm at the three functions marked `wasm_split`
//! (`scripts/build-frontend.mjs`): what only they reach goes into a file of its own.

use std::time::Duration;

use domain::problem::Problem;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use ui::{Card, ErrorState, Page, Skeleton, t, use_lang};

use crate::message::{ComposePage, MessageListPage, MessagePage};
use crate::route::Route;
use crate::{
    account, audit, checklist, filing, office_request, procedure, register, roster, school, sms_account,
    units,
};

/// The pages of a chunk: a view for the routes that it knows.
type Pages = fn(Route) -> AnyView;

/// How far a chunk has got.
#[derive(Clone, Copy)]
enum State {
    Absent,
    Coming,
    Here(Pages),
    Failed,
}

/// The chunks that are fetched apart from the first load.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Message,
    Office,
    Register,
}

impl Chunk {
    fn of(route: Route) -> Option<Self> {
        match route {
            Route::Messages
            | Route::Compose
            | Route::EditMessage(_)
            | Route::Message(_)
            | Route::Classes
            | Route::Class(_)
            | Route::Mine => Some(Self::Message),
            Route::Activate
            | Route::EditClass(_)
            | Route::Disputes
            | Route::Filings
            | Route::Requests
            | Route::Import
            | Route::Staff
            | Route::Departures
            | Route::Member(_)
            | Route::Appointments
            | Route::Delegations
            | Route::Units
            | Route::Checklist
            | Route::Procedures
            | Route::SmsAccount
            | Route::Settings
            | Route::Audit
            | Route::History(..)
            | Route::Powers
            | Route::Security => Some(Self::Office),
            Route::Register | Route::Sheet(_) | Route::Verify(_) | Route::Agenda => Some(Self::Register),
            _ => None,
        }
    }
}

fn message_page(route: Route) -> AnyView {
    match route {
        Route::Messages => view! { <MessageListPage /> }.into_any(),
        Route::Message(_) => view! { <MessagePage /> }.into_any(),
        Route::Classes => view! { <roster::ClassListPage /> }.into_any(),
        Route::Class(id) => view! { <roster::ClassPage id /> }.into_any(),
        Route::Mine => view! { <account::MinePage /> }.into_any(),
        _ => view! { <ComposePage /> }.into_any(),
    }
}

fn office_page(route: Route) -> AnyView {
    match route {
        Route::Activate => view! { <account::ActivatePage /> }.into_any(),
        Route::EditClass(id) => view! { <roster::EditClassPage id /> }.into_any(),
        Route::Disputes => view! { <roster::DisputesPage /> }.into_any(),
        Route::Filings => view! { <filing::FilingsPage /> }.into_any(),
        Route::Requests => view! { <office_request::RequestsPage /> }.into_any(),
        Route::Import => view! { <roster::ImportPage /> }.into_any(),
        Route::Staff => view! { <account::StaffPage /> }.into_any(),
        Route::Appointments => view! { <account::AppointmentsPage /> }.into_any(),
        Route::Delegations => view! { <account::DelegationsPage /> }.into_any(),
        Route::Departures => view! { <account::DeparturesPage /> }.into_any(),
        Route::Member(id) => view! { <account::MemberPage id /> }.into_any(),
        Route::Units => view! { <units::UnitsPage /> }.into_any(),
        Route::Checklist => view! { <checklist::ChecklistPage /> }.into_any(),
        Route::SmsAccount => view! { <sms_account::SmsAccountPage /> }.into_any(),
        Route::Procedures => view! { <procedure::ProceduresPage /> }.into_any(),
        Route::Settings => view! { <school::SettingsPage /> }.into_any(),
        Route::History(..) => view! { <audit::HistoryPage /> }.into_any(),
        Route::Powers => view! { <account::PowersPage /> }.into_any(),
        Route::Security => view! { <account::SecurityPage /> }.into_any(),
        _ => view! { <audit::AuditPage /> }.into_any(),
    }
}

fn register_page(route: Route) -> AnyView {
    match route {
        Route::Sheet(_) => view! { <register::SheetPage /> }.into_any(),
        Route::Verify(_) => view! { <register::VerifyPage /> }.into_any(),
        Route::Agenda => view! { <register::AgendaPage /> }.into_any(),
        _ => view! { <register::RegisterPage /> }.into_any(),
    }
}

/// Where the build cuts.
mod cut {
    use super::*;

    #[wasm_split(message, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn message() -> Result<Pages, SplitLoaderError> {
        Ok(message_page)
    }

    #[wasm_split(office, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn office() -> Result<Pages, SplitLoaderError> {
        Ok(office_page)
    }

    #[wasm_split(register, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn register() -> Result<Pages, SplitLoaderError> {
        Ok(register_page)
    }
}

/// The chunks of this app and how far each has got.
#[derive(Clone, Copy)]
pub struct Chunks {
    message: RwSignal<State>,
    office: RwSignal<State>,
    register: RwSignal<State>,
}

impl Chunks {
    /// Nothing fetched yet.
    pub fn new() -> Self {
        let absent = || RwSignal::new(State::Absent);
        Self { message: absent(), office: absent(), register: absent() }
    }

    fn state(self, chunk: Chunk) -> RwSignal<State> {
        match chunk {
            Chunk::Message => self.message,
            Chunk::Office => self.office,
            Chunk::Register => self.register,
        }
    }

    fn fetch(self, chunk: Chunk) {
        let state = self.state(chunk);
        // The person may have signed out before the delayed fetch begins.
        if !matches!(state.try_get_untracked(), Some(State::Absent | State::Failed)) {
            return;
        }
        state.set(State::Coming);
        spawn_local(async move {
            let pages = match chunk {
                Chunk::Message => cut::message().await,
                Chunk::Office => cut::office().await,
                Chunk::Register => cut::register().await,
            };
            let _ = state.try_set(pages.map_or(State::Failed, State::Here));
        });
    }

    /// Fetches the chunk with the messages a moment after the start page is shown,
    /// because most people open it next.
    pub fn fetch_ahead(self) {
        set_timeout(move || self.fetch(Chunk::Message), Duration::from_millis(1500));
    }

    /// The page for a route of a chunk, or a placeholder until the chunk is
    /// there; none where the route belongs to the first load.
    pub fn page(self, route: Route) -> Option<AnyView> {
        let chunk = Chunk::of(route)?;
        let state = self.state(chunk);
        if !matches!(state.get_untracked(), State::Here(_)) {
            self.fetch(chunk);
        }
        let view = move || match state.get() {
            State::Here(pages) => untrack(|| pages(route)),
            State::Absent | State::Coming => view! {
                <div class="x-page">
                    <div class="x-page-body">
                        <Card>
                            <Skeleton lines=8 />
                        </Card>
                    </div>
                </div>
            }
            .into_any(),
            State::Failed => {
                let retry = Callback::new(move |()| self.fetch(chunk));
                view! { <NotFetched retry /> }.into_any()
            }
        };
        Some(view.into_any())
    }
}

#[component]
fn NotFetched(retry: Callback<()>) -> impl IntoView {
    let words = Words::fixed(
        "这一页没能下载，请检查网络后重试；刚更新过时，请刷新页面",
        "This page could not be fetched. Check the connection and try again; after an update, reload",
    );
    let problem = Problem {
        kind: "/problems/network".into(),
        title: words.get(use_lang().get()).to_owned(),
        status: 0,
        detail: None,
        errors: Vec::new(),
    };
    view! {
        <Page title=t(Words::fixed("没能打开", "Not opened"))>
            <Card>
                <ErrorState problem retry />
            </Card>
        </Page>
    }
    .into_any()
}
