//! Where one is in the app. Addresses are typed here, in one table, so that
//! a link to a page that does not exist does not compile. A router crate
//! would add a third to the first load for what fits on this page.

use domain::audit::RecordKind;
use domain::ids::{ClassId, MessageId, StaffId};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// Every page of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/`: what waits, and what to do next.
    Home,
    /// `/sign-in`.
    SignIn,
    /// `/activate#<token>`.
    Activate,
    /// `/messages`.
    Messages,
    /// `/messages/new`.
    Compose,
    /// `/messages/{id}`.
    Message(MessageId),
    /// `/messages/{id}/edit`.
    EditMessage(MessageId),
    /// `/classes`.
    Classes,
    /// `/classes/{id}`.
    Class(ClassId),
    /// `/classes/{id}/edit`.
    EditClass(ClassId),
    /// `/disputes`.
    Disputes,
    /// `/filings`: the register's desk, and filings.
    Filings,
    /// `/requests`: what is handed in to the office.
    Requests,
    /// `/import`.
    Import,
    /// `/staff`.
    Staff,
    /// `/appointments`.
    Appointments,
    /// `/delegations`.
    Delegations,
    /// `/staff/departures`.
    Departures,
    /// `/staff/{id}`.
    Member(StaffId),
    /// `/units`.
    Units,
    /// `/checklist`: what is lacking before SMS reach anybody.
    Checklist,
    /// `/sms-account`: the account with the SMS provider.
    SmsAccount,
    /// `/procedures`: approval procedures.
    Procedures,
    /// `/settings`.
    Settings,
    /// `/register`: the register of all messages.
    Register,
    /// `/register/{id}`: the sheet of one.
    Sheet(MessageId),
    /// `/verify/{id}?digest=`: whether a sheet on paper is on record.
    Verify(MessageId),
    /// `/agenda`: what goes out this week.
    Agenda,
    /// `/audit`.
    Audit,
    /// `/audit/{kind}/{id}`: the history of a person, post or number.
    History(RecordKind, i64),
    /// `/mine`: the person, and on a phone the rest of the menu.
    Mine,
    /// `/mine/powers`: the own posts, and what they let do.
    Powers,
    /// `/mine/security`: the own password and sessions.
    Security,
    /// Anything else.
    NotFound,
}

impl Route {
    /// Reads a path.
    pub fn parse(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        match parts.as_slice() {
            [] => Self::Home,
            ["sign-in"] => Self::SignIn,
            ["activate"] => Self::Activate,
            ["messages"] => Self::Messages,
            ["messages", "new"] => Self::Compose,
            ["messages", id] => id.parse().map_or(Self::NotFound, Self::Message),
            ["messages", id, "edit"] => id.parse().map_or(Self::NotFound, Self::EditMessage),
            ["classes"] => Self::Classes,
            ["classes", id] => id.parse().map_or(Self::NotFound, Self::Class),
            ["classes", id, "edit"] => id.parse().map_or(Self::NotFound, Self::EditClass),
            ["disputes"] => Self::Disputes,
            ["filings"] => Self::Filings,
            ["requests"] => Self::Requests,
            ["import"] => Self::Import,
            ["staff"] => Self::Staff,
            ["appointments"] => Self::Appointments,
            ["delegations"] => Self::Delegations,
            ["staff", "departures"] => Self::Departures,
            ["staff", id] => id.parse().map_or(Self::NotFound, Self::Member),
            ["units"] => Self::Units,
            ["checklist"] => Self::Checklist,
            ["sms-account"] => Self::SmsAccount,
            ["procedures"] => Self::Procedures,
            ["settings"] => Self::Settings,
            ["register"] => Self::Register,
            ["register", id] => id.parse().map_or(Self::NotFound, Self::Sheet),
            ["verify", id] => id.parse().map_or(Self::NotFound, Self::Verify),
            ["agenda"] => Self::Agenda,
            ["audit"] => Self::Audit,
            ["audit", kind, id] => match (RecordKind::from_key(kind), id.parse()) {
                (Some(kind), Ok(id)) => Self::History(kind, id),
                _ => Self::NotFound,
            },
            ["mine"] => Self::Mine,
            ["mine", "powers"] => Self::Powers,
            ["mine", "security"] => Self::Security,
            _ => Self::NotFound,
        }
    }

    /// The path, for links.
    pub fn path(self) -> String {
        match self {
            Self::Home | Self::NotFound => "/".into(),
            Self::SignIn => "/sign-in".into(),
            Self::Activate => "/activate".into(),
            Self::Messages => "/messages".into(),
            Self::Compose => "/messages/new".into(),
            Self::Message(id) => format!("/messages/{id}"),
            Self::EditMessage(id) => format!("/messages/{id}/edit"),
            Self::Classes => "/classes".into(),
            Self::Class(id) => format!("/classes/{id}"),
            Self::EditClass(id) => format!("/classes/{id}/edit"),
            Self::Disputes => "/disputes".into(),
            Self::Filings => "/filings".into(),
            Self::Requests => "/requests".into(),
            Self::Import => "/import".into(),
            Self::Staff => "/staff".into(),
            Self::Appointments => "/appointments".into(),
            Self::Delegations => "/delegations".into(),
            Self::Departures => "/staff/departures".into(),
            Self::Member(id) => format!("/staff/{id}"),
            Self::Units => "/units".into(),
            Self::Checklist => "/checklist".into(),
            Self::SmsAccount => "/sms-account".into(),
            Self::Procedures => "/procedures".into(),
            Self::Settings => "/settings".into(),
            Self::Register => "/register".into(),
            Self::Sheet(id) => format!("/register/{id}"),
            Self::Verify(id) => format!("/verify/{id}"),
            Self::Agenda => "/agenda".into(),
            Self::Audit => "/audit".into(),
            Self::History(kind, id) => format!("/audit/{}/{id}", kind.key()),
            Self::Mine => "/mine".into(),
            Self::Powers => "/mine/powers".into(),
            Self::Security => "/mine/security".into(),
        }
    }
}

/// The browser's address as a signal, and the ways to change it.
#[derive(Clone, Copy)]
pub struct Router {
    path: RwSignal<String>,
    query: RwSignal<String>,
}

impl Router {
    /// Follows the browser's address from now on: back and forward, and
    /// clicks on links into the app. Called once.
    pub fn start() -> Self {
        let router = Self { path: RwSignal::new(String::new()), query: RwSignal::new(String::new()) };
        router.read();
        window_event_listener(ev::popstate, move |_| router.read());
        window_event_listener(ev::click, move |event| {
            if let Some(href) = followed_link(&event) {
                event.prevent_default();
                router.go(&href);
            }
        });
        provide_context(router);
        router
    }

    fn read(self) {
        let location = window().location();
        let path = location.pathname().unwrap_or_default();
        let query = location.search().unwrap_or_default();
        if self.path.with_untracked(|p| *p != path) {
            self.path.set(path);
        }
        if self.query.with_untracked(|q| *q != query) {
            self.query.set(query);
        }
    }

    /// The path shown now.
    pub fn path(self) -> Signal<String> {
        self.path.into()
    }

    /// The page shown now.
    pub fn route(self) -> Memo<Route> {
        Memo::new(move |_| self.path.with(|p| Route::parse(p)))
    }

    /// A parameter of the query, as it stands now (reactive).
    pub fn query(self, name: &str) -> Option<String> {
        let query = self.query.get();
        web_sys::UrlSearchParams::new_with_str(&query).ok().and_then(|q| q.get(name))
    }

    /// Path and query as they stand now, to come back to.
    pub fn here(self) -> String {
        format!("{}{}", self.path.get_untracked(), self.query.get_untracked())
    }

    /// Goes to an address of the app, as a link would.
    pub fn go(self, href: &str) {
        self.change(href, false);
    }

    /// Goes to an address without leaving this one in the history.
    pub fn replace(self, href: &str) {
        self.change(href, true);
    }

    fn change(self, href: &str, replace: bool) {
        let Ok(history) = window().history() else { return };
        let done = if replace {
            history.replace_state_with_url(&JsValue::NULL, "", Some(href))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(href))
        };
        // A browser refuses only floods of changes and foreign addresses.
        if done.is_ok() {
            self.read();
            if !replace {
                window().scroll_to_with_x_and_y(0.0, 0.0);
            }
        }
    }
}

/// The router of this app.
pub fn use_router() -> Router {
    expect_context::<Router>()
}

/// The link into the app that a click follows, unless the browser should.
fn followed_link(event: &web_sys::MouseEvent) -> Option<String> {
    if event.default_prevented()
        || event.button() != 0
        || event.meta_key()
        || event.ctrl_key()
        || event.shift_key()
        || event.alt_key()
    {
        return None;
    }
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    let link = target.closest("a[href]").ok().flatten()?;
    if link.has_attribute("target") || link.has_attribute("download") {
        return None;
    }
    let href = link.get_attribute("href")?;
    // `/api`, `/m` and `/sandbox` are answered by the Worker, not by this app.
    let ours = href.starts_with('/') && !href.starts_with("//");
    let path = href.split(['?', '#']).next().unwrap_or_default();
    (ours && Route::parse(path) != Route::NotFound).then_some(href)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_address() {
        for route in [
            Route::Home,
            Route::SignIn,
            Route::Activate,
            Route::Messages,
            Route::Compose,
            Route::Message(MessageId(7)),
            Route::EditMessage(MessageId(7)),
            Route::Classes,
            Route::Class(ClassId(3)),
            Route::EditClass(ClassId(3)),
            Route::Disputes,
            Route::Filings,
            Route::Requests,
            Route::Import,
            Route::Staff,
            Route::Appointments,
            Route::Delegations,
            Route::Departures,
            Route::Member(StaffId(5)),
            Route::Units,
            Route::Checklist,
            Route::SmsAccount,
            Route::Procedures,
            Route::Settings,
            Route::Register,
            Route::Sheet(MessageId(7)),
            Route::Verify(MessageId(7)),
            Route::Agenda,
            Route::Audit,
            Route::History(RecordKind::Staff, 7),
            Route::Mine,
            Route::Security,
        ] {
            assert_eq!(Route::parse(&route.path()), route);
        }
        assert_eq!(Route::parse("/messages/x"), Route::NotFound);
        assert_eq!(Route::parse("/audit/roof/7"), Route::NotFound);
        assert_eq!(Route::parse("/sandbox"), Route::NotFound);
    }
}
