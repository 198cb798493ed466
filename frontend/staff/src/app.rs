//! The root of the app: which pages there are depends on who is signed in.

use domain::account::Me;
use domain::api;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Button, ButtonLink, EmptyState, ErrorState, IconName, LangSwitch, Page, PhoneBack, Shell, Skeleton,
    ToastHost, follow_browser_lang, provide_toasts, t,
};

use crate::api::{Api, use_api};
use crate::chunks::Chunks;
use crate::common::refresh_me;
use crate::menu::menu;
use crate::route::{Route, Router, use_router};
use crate::session::{Session, Standing, use_session};
use crate::{account, home};

/// Everything on the screen.
#[component]
pub fn App() -> impl IntoView {
    let lang = follow_browser_lang();
    let session = Session::provide();
    Api::provide(lang, session);
    let router = Router::start();
    provide_toasts();
    let chunks = Chunks::new();
    provide_context(chunks);

    let route = router.route();
    // Pages that need no session are kept outside the guarded part.
    let outside = Memo::new(move |_| match route.get() {
        outside @ (Route::Activate | Route::SignIn) => Some(outside),
        _ => None,
    });
    let page = move || match outside.get() {
        Some(Route::Activate) => chunks.page(Route::Activate).into_any(),
        Some(_) => view! { <account::SignInPage /> }.into_any(),
        None => view! { <Guarded /> }.into_any(),
    };
    view! {
        {page}
        <ToastHost />
    }
}

/// The part of the app for people who are signed in.
#[component]
fn Guarded() -> impl IntoView {
    let (api, session, router) = (use_api(), use_session(), use_router());
    let problem = RwSignal::new(None);
    let ask = move || {
        problem.set(None);
        spawn_local(async move {
            match api.get(api::ME).await {
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
    // After signing out, the last person's view stays until the sign-in page is shown.
    let me = RwSignal::new(*first);
    Effect::new(move |_| {
        if let Standing::In(now) = standing.get() {
            me.set(*now);
        }
    });
    let me: Signal<Me> = me.into();
    provide_context(me);

    // A phone's tab bar holds some pages; the others are reached by way of «Me».
    let back = Signal::derive(move || {
        let path = router.path().get();
        if path == "/" {
            return None;
        }
        let is_tab = me.with(|m| menu(m).iter().any(|item| item.tab && item.href == path));
        Some(if is_tab { "/" } else { "/mine" }.to_owned())
    });
    provide_context(PhoneBack(back));
    let items = Signal::derive(move || me.with(menu));
    let brand = Signal::derive(move || me.with(|m| m.school.name.clone()));
    let route = router.route();
    let chunks = expect_context::<Chunks>();
    chunks.fetch_ahead();
    // The number of waiting messages may have changed: ask again on coming back to the start page.
    Effect::new(move |before: Option<Route>| {
        let now = route.get();
        if now == Route::Home && before.is_some_and(|b| b != now) {
            refresh_me();
        }
        now
    });
    view! {
        <Shell brand items path=router.path() foot=move || view! { <Foot /> }>
            {move || page(route.get(), chunks)}
        </Shell>
    }
    .into_any()
}

fn page(route: Route, chunks: Chunks) -> AnyView {
    match route {
        Route::Home => view! { <home::HomePage /> }.into_any(),
        _ => chunks.page(route).unwrap_or_else(|| view! { <NotFound /> }.into_any()),
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
