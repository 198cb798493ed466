//! «Why can I not do this, and who can?»: one button that opens a sheet, on the
//! page of a message, a unit, a member of staff.

use domain::api::Address;
use domain::why::{WhoMay, WhyNot};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Dialog, Icon, IconName, t};

use crate::api::Query;
use crate::common::Loaded;

/// The button with its sheet; asked only once it is opened.
#[component]
pub fn Why(
    /// Where the answer is read.
    from: Address<(), Vec<WhyNot>>,
    /// Whether it stands in a row of a list: then it is an icon.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let asks = Words::fixed("为什么不能？谁可以？", "Why can I not, and who can?");
    let label = t(asks.clone());
    let open = RwSignal::new(false);
    let from = StoredValue::new(from);
    let sheet = move || {
        open.get().then(|| {
            let told = Query::new(move || from.get_value());
            view! { <Loaded query=told lines=4 bare=true show=shown /> }
        })
    };
    let button = if compact {
        view! {
            <button
                type="button"
                class="s-why-icon"
                aria-label=move || label.get()
                title=move || label.get()
                on:click=move |_| open.set(true)
            >
                <Icon name=IconName::Info />
            </button>
        }
        .into_any()
    } else {
        view! {
            <Button label kind=ButtonKind::Quiet icon=IconName::Info on_click=move |()| open.set(true) />
        }
        .into_any()
    };
    view! {
        <div class="s-why">
            {button}
            <Dialog open title=t(asks)>
                {sheet}
                <div class="x-dialog-actions">
                    <Button label=t(Words::fixed("知道了", "Close")) on_click=move |()| open.set(false) />
                </div>
            </Dialog>
        </div>
    }
    .into_any()
}

fn shown(told: Vec<WhyNot>) -> AnyView {
    if told.is_empty() {
        let words = Words::fixed("这里没有您不能做的事。", "There is nothing here that you cannot do.");
        return view! { <p class="x-muted">{t(words)}</p> }.into_any();
    }
    let row = |line: WhyNot| {
        view! {
            <li class="s-why-line">
                <p class="x-item-title">{t(line.what)}</p>
                <p class="x-small">{t(line.reason)}</p>
                <p class="x-small x-muted">{t(who(&line.who))}</p>
            </li>
        }
    };
    view! { <ul class="s-why-list">{told.into_iter().map(row).collect::<Vec<_>>()}</ul> }.into_any()
}

/// Names told of one post at most; the others are counted.
const NAMED: usize = 5;

/// `可以的人：校长 陶明远；校办室主任 高佑奕`.
fn who(all: &[WhoMay]) -> Words {
    if all.is_empty() {
        return Words::fixed("目前没有人可以", "Nobody can at present");
    }
    let one = |who: &WhoMay| {
        let (pz, pe, n) = (&who.by.zh, &who.by.en, who.names.len());
        let (zh, en) = (
            who.names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("、"),
            who.names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", "),
        );
        if n > NAMED {
            words!("{pz} {zh}等 {n} 人", "{pe}: {en} and others ({n})")
        } else {
            words!("{pz} {zh}", "{pe}: {en}")
        }
    };
    let told: Vec<Words> = all.iter().map(one).collect();
    let zh = told.iter().map(|w| w.zh.as_ref()).collect::<Vec<_>>().join("；");
    let en = told.iter().map(|w| w.en.as_ref()).collect::<Vec<_>>().join("; ");
    words!("可以的人：{zh}", "Who can: {en}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_can_are_named_by_post_and_many_are_counted() {
        let may = |by: &'static str, n: usize| WhoMay {
            by: Words::fixed(by, "Principal"),
            names: (1..=n).map(|n| format!("人{n}")).collect(),
        };
        assert_eq!(who(&[]).zh, "目前没有人可以");
        assert_eq!(who(&[may("校长", 1), may("干事", 2)]).zh, "可以的人：校长 人1；干事 人1、人2");
        assert_eq!(who(&[may("校长", 7)]).en, "Who can: Principal: 人1, 人2, 人3, 人4, 人5 and others (7)");
    }
}
