//! The app: who is there decides which pages there are.

use domain::access::Action;
use domain::account::Me;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Button, ButtonLink, EmptyState, ErrorState, IconName, LangSwitch, NavItem, Page, Shell, Skeleton,
    ToastHost, follow_browser_lang, provide_toasts, t,
};

use crate::api::{Api, use_api};
use crate::parts::Parts;
use crate::route::{Route, Router, use_router};
use crate::session::{Session, Standing, use_session};
use crate::{account, home, roster};

/// Everything on the screen.
#[component]
pub fn App() -> impl IntoView {
    let lang = follow_browser_lang();
    let session = Session::provide();
    Api::provide(lang, session);
    let router = Router::start();
    provide_toasts();

    let route = router.route();
    // What nobody has to be signed in for stands outside the guarded part.
    let outside = Memo::new(move |_| match route.get() {
        outside @ (Route::Activate | Route::SignIn) => Some(outside),
        _ => None,
    });
    let page = move || match outside.get() {
        Some(Route::Activate) => view! { <account::ActivatePage /> }.into_any(),
        Some(_) => view! { <account::SignInPage /> }.into_any(),
        None => view! { <Guarded /> }.into_any(),
    };
    view! {
        {page}
        <ToastHost />
    }
}

/// Reads anew who is signed in and how much waits.
pub fn refresh_me() {
    let (api, session) = (use_api(), use_session());
    spawn_local(async move {
        if let Ok(me) = api.get::<Me>("/api/me").await {
            session.enter(me);
        }
    });
}

/// The part of the app for people who are signed in.
#[component]
fn Guarded() -> impl IntoView {
    let (api, session, router) = (use_api(), use_session(), use_router());
    let problem = RwSignal::new(None);
    let ask = move || {
        problem.set(None);
        spawn_local(async move {
            match api.get::<Me>("/api/me").await {
                Ok(me) => session.enter(me),
                Err(p) if p.status == 401 => session.expire(),
                Err(p) => {
                    let _ = problem.try_set(Some(p));
                }
            }
        });
    };
    if !matches!(session.standing().get_untracked(), Standing::In(_)) {
        ask();
    }
    Effect::new(move |_| {
        let standing = session.standing().get();
        if standing == Standing::Left {
            router.replace("/sign-in");
        }
        if let Standing::Out { expired } = standing {
            let back = js_sys::encode_uri_component(&router.here());
            let expired = if expired { "&expired=1" } else { "" };
            router.replace(&format!("/sign-in?return={back}{expired}"));
        }
    });

    // The shell is built once per person; a change of `me` only updates signals.
    let person = Memo::new(move |_| match session.standing().get() {
        Standing::In(me) => Some(me.person.id),
        _ => None,
    });
    move || match person.get() {
        Some(_) => view! { <SignedIn /> }.into_any(),
        None => match problem.get() {
            Some(problem) => {
                let retry = Callback::new(move |()| ask());
                view! {
                    <main class="s-outside">
                        <ErrorState problem retry />
                    </main>
                }
                .into_any()
            }
            None => view! {
                <main class="s-outside">
                    <Skeleton lines=6 />
                </main>
            }
            .into_any(),
        },
    }
}

/// Shell and pages of a signed-in person.
#[component]
fn SignedIn() -> impl IntoView {
    let (session, router) = (use_session(), use_router());
    let standing = session.standing();
    let Standing::In(first) = standing.get_untracked() else { return ().into_any() };
    // Between signing out and the sign-in page the last person's view stays as it is.
    let me = RwSignal::new(*first);
    Effect::new(move |_| {
        if let Standing::In(now) = standing.get() {
            me.set(*now);
        }
    });
    let me: Signal<Me> = me.into();
    provide_context(me);

    let items = Signal::derive(move || me.with(menu));
    let brand = Signal::derive(move || me.with(|m| m.school.name.clone()));
    let route = router.route();
    let parts = Parts::new();
    parts.fetch_ahead();
    // What waits may have changed since: whoever comes back to the start page sees it as it is.
    Effect::new(move |before: Option<Route>| {
        let now = route.get();
        if now == Route::Home && before.is_some_and(|b| b != now) {
            refresh_me();
        }
        now
    });
    view! {
        <Shell brand items path=router.path() foot=move || view! { <Foot /> }>
            {move || page(route.get(), parts)}
        </Shell>
    }
    .into_any()
}

/// The menu of a person: only what the access table grants (I10).
pub fn menu(me: &Me) -> Vec<NavItem> {
    let person = &me.person;
    let writes = [Action::WriteToClass, Action::WriteToAllGuardians, Action::WriteToAllTeachers]
        .into_iter()
        .any(|a| person.may(a));
    let reads = writes || person.may(Action::ReadMessages);
    let none = Signal::from(0);
    let item = |href, label, icon, tab| NavItem { href, label, icon, tab, rail: true, count: none };
    let mut items = vec![item("/", Words::fixed("首页", "Home"), IconName::Home, true)];
    if reads {
        items.push(NavItem {
            count: Signal::from(me.waiting),
            ..item("/messages", Words::fixed("通知", "Notices"), IconName::Message, true)
        });
    }
    if writes || person.may(Action::ReadRoster) {
        items.push(item("/classes", Words::fixed("班级", "Classes"), IconName::People, true));
    }
    if person.may(Action::ManageAccounts) {
        let tab = !reads;
        items.push(item("/staff", Words::fixed("教职工", "Staff"), IconName::Staff, tab));
        items.push(item("/units", Words::fixed("部门与专人", "Units"), IconName::Units, false));
    }
    if person.may(Action::ImportRoster) {
        items.push(item("/import", Words::fixed("导入名单", "Import"), IconName::Import, !reads));
    }
    if person.may(Action::ReadAudit) {
        items.push(item("/audit", Words::fixed("操作日志", "Audit log"), IconName::Shield, false));
    }
    if person.may(Action::StopSending) {
        items.push(item("/settings", Words::fixed("设置", "Settings"), IconName::Settings, false));
    }
    items
        .push(NavItem { rail: false, ..item("/mine", Words::fixed("我的", "Me"), IconName::Person, true) });
    items
}

fn page(route: Route, parts: Parts) -> AnyView {
    match route {
        Route::Home => view! { <home::HomePage /> }.into_any(),
        Route::Classes => view! { <roster::ClassListPage /> }.into_any(),
        Route::Class(id) => view! { <roster::ClassPage id /> }.into_any(),
        Route::Mine => view! { <account::MinePage /> }.into_any(),
        _ => parts.page(route).unwrap_or_else(|| view! { <NotFound /> }.into_any()),
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Page title=t(Words::fixed("找不到这一页", "Page not found"))>
            <ui::Card>
                <EmptyState
                    icon=IconName::Search
                    title=t(Words::fixed("这个地址没有对应的页面", "There is no page at this address"))
                    note=t(Words::fixed("请检查地址，或从首页重新进入。", "Check the address, or start again from the home page."))
                >
                    <ButtonLink href="/" label=t(Words::fixed("回首页", "Home page")) />
                </EmptyState>
            </ui::Card>
        </Page>
    }
}

/// The foot of the rail: who is signed in, language, sign-out.
#[component]
fn Foot() -> impl IntoView {
    let me = crate::session::use_me();
    let sign_out = account::SignOut::new();
    view! {
        <a class="s-person" href="/mine">
            <span class="s-person-name">{move || me.with(|m| m.person.name.clone())}</span>
            <span class="x-small x-muted">{account::posts_line(me)}</span>
        </a>
        <div class="x-row">
            <LangSwitch />
            <Button
                label=t(Words::fixed("退出", "Sign out"))
                kind=ui::ButtonKind::Quiet
                busy=sign_out.busy()
                on_click=move |()| sign_out.run()
            />
        </div>
    }
}
