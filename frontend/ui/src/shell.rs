//! What stands around every page of a signed-in person: a tab bar at the
//! thumb on a phone, a rail at the side on a desk.

use domain::words::Words;
use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::lang::{t, tw};

/// One entry of the navigation.
#[derive(Clone)]
pub struct NavItem {
    /// Where it leads.
    pub href: &'static str,
    /// Its name.
    pub label: Words,
    /// Its picture.
    pub icon: IconName,
    /// Whether it stands in the tab bar of a phone too; five fit.
    pub tab: bool,
    /// Whether it stands in the rail of a desk.
    pub rail: bool,
    /// How many things wait there.
    pub count: Signal<u32>,
}

/// The navigation around a page.
#[component]
pub fn Shell(
    /// The school's name.
    #[prop(into)]
    brand: Signal<String>,
    /// The entries that this person may use.
    #[prop(into)]
    items: Signal<Vec<NavItem>>,
    /// The path shown now.
    #[prop(into)]
    path: Signal<String>,
    /// What stands at the foot of the rail: the person, language, sign-out.
    #[prop(optional, into)]
    foot: ViewFn,
    /// The page.
    children: Children,
) -> impl IntoView {
    let entries = move || items.get().into_iter().map(|item| entry(item, path)).collect::<Vec<_>>();
    let skip = t(Words::fixed("跳到正文", "Skip to content"));
    let label = t(Words::fixed("主菜单", "Main menu"));
    view! {
        <div class="x-shell">
            <a class="x-skip" href="#main">
                {skip}
            </a>
            <header class="x-side">
                <p class="x-brand">
                    <span class="x-brand-mark" aria-hidden="true">"讯"</span>
                    <span>{brand}</span>
                </p>
                <nav class="x-nav" aria-label=move || label.get()>
                    <ul>{entries}</ul>
                </nav>
                <div class="x-side-foot">{foot.run()}</div>
            </header>
            <main id="main" class="x-main" tabindex="-1">
                {children()}
            </main>
        </div>
    }
    .into_any()
}

fn entry(item: NavItem, path: Signal<String>) -> AnyView {
    let NavItem { href, label, icon, tab, rail, count } = item;
    let current = move || {
        let path = path.get();
        let below = path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (path == href || (href != "/" && below)).then_some("page")
    };
    let waiting = tw(move || {
        let n = count.get();
        domain::words!("{n} 项待办", "{n} to do")
    });
    view! {
        <li class:x-nav-tab=tab class:x-nav-rail=rail>
            <a class="x-nav-link" href=href aria-current=current>
                <Icon name=icon />
                <span>{t(label)}</span>
                <span class="x-nav-count" hidden=move || count.get() == 0>
                    <span aria-hidden="true">{move || count.get().min(99)}</span>
                    <span class="x-hidden">{waiting}</span>
                </span>
            </a>
        </li>
    }
    .into_any()
}
