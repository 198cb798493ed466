//! What became of earlier versions: what was said about them, and what changed
//! since the last return.

use domain::approval::DecisionView;
use domain::message::{Earlier, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Card, Fact, Facts, t};

use super::chain::said;
use super::diff::{Piece, diff};
use super::passages::PassageReasons;

/// What changed since it was returned: earlier and now, in one text.
#[component]
pub fn Changes(before: Earlier, view: RwSignal<MessageView>) -> impl IntoView {
    let (title, body, audience) =
        view.with_untracked(|v| (v.draft.title.clone(), v.draft.body.clone(), v.audience.clone()));
    let asked = (!before.reason.is_empty()).then(|| {
        view! {
            <p class="m-reason x-prose">
                <span class="x-muted">{t(Words::fixed("退回理由：", "Returned because: "))}</span>
                {before.reason.clone()}
            </p>
        }
    });
    view! {
        <Card title=t(Words::fixed("退回后改了什么", "What changed since it was returned"))>
            {asked}
            <PassageReasons passages=before.passages.clone() />
            <Facts>
                {compared(Words::fixed("标题", "Title"), &before.title, &title)}
                {compared(Words::fixed("正文", "Text"), &before.body, &body)}
                {compared(Words::fixed("发给", "To"), &before.audience.zh, &audience.zh)}
            </Facts>
        </Card>
    }
    .into_any()
}

fn compared(label: Words, old: &str, new: &str) -> AnyView {
    let content = if old == new {
        let same = t(Words::fixed("未改动", "unchanged"));
        view! { <span class="x-muted">{same}</span> }.into_any()
    } else {
        let marked = diff(old, new)
            .into_iter()
            .map(|piece| match piece {
                Piece::Same(text) => view! { <span>{text.to_owned()}</span> }.into_any(),
                Piece::Gone(text) => view! { <del>{text.to_owned()}</del> }.into_any(),
                Piece::New(text) => view! { <ins>{text.to_owned()}</ins> }.into_any(),
            })
            .collect::<Vec<_>>();
        view! { <div class="m-diff x-prose" lang="zh-CN">{marked}</div> }.into_any()
    };
    view! { <Fact label=t(label)>{content}</Fact> }.into_any()
}

/// Decisions on earlier versions.
#[component]
pub fn EarlierDecisions(history: Vec<DecisionView>) -> impl IntoView {
    let entries: Vec<_> = history
        .iter()
        .map(|d| {
            let (version, kind) = (d.version, d.kind.title());
            let (zh, en) = (kind.zh, kind.en);
            let heading = words!("第 {version} 稿 · {zh}", "Version {version} · {en}");
            view! {
                <li class="m-earlier">
                    <p class="m-link-title">{t(heading)}</p>
                    {said(d)}
                </li>
            }
        })
        .collect();
    (!entries.is_empty()).then(|| {
        view! {
            <details class="m-details">
                <summary>{t(Words::fixed("以前各稿的意见", "Decisions on earlier versions"))}</summary>
                <ul class="m-earlier-list">{entries}</ul>
            </details>
        }
    })
}
