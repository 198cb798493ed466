//! What a return said by passage: each reason under the words that it is about,
//! in the order of the text; and, while it is corrected, whether it is done.

use domain::approval::passage::{Part, PassageView};
use domain::approval::{DecisionView, Verdict};
use domain::message::MessageView;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, IconName, Tone, t};

use super::findings::select;
use super::form::Form;

/// The passages with their reasons; nothing where there are none.
#[component]
pub fn PassageReasons(passages: Vec<PassageView>) -> impl IntoView {
    let rows: Vec<_> = passages
        .into_iter()
        .map(|p| {
            view! {
                <li class="m-finding">
                    <p class="m-quote" lang="zh-CN">
                        <span class="x-small x-muted">{t(p.passage.part.title())}</span>
                        " "
                        <mark>{p.words}</mark>
                    </p>
                    <p class="x-prose">{p.passage.reason}</p>
                </li>
            }
        })
        .collect();
    (!rows.is_empty()).then(|| view! { <ol class="m-findings m-passages">{rows}</ol> })
}

/// The return that a draft answers: the newest one.
fn last_return(message: &MessageView) -> Option<&DecisionView> {
    message.history.iter().rev().find(|d| d.verdict == Verdict::Return)
}

/// The passages of the return that a message answers.
pub fn to_correct(message: &MessageView) -> Vec<PassageView> {
    last_return(message).map(|d| d.passages.clone()).unwrap_or_default()
}

/// The passages while the draft is corrected: where each is, or that it was changed.
#[component]
pub fn LivePassages(form: Form, passages: Vec<PassageView>) -> impl IntoView {
    let rows: Vec<_> = passages.into_iter().map(|passage| view! { <LivePassage form passage /> }).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <div class="m-check">
                <p class="x-small x-muted">{t(Words::fixed("退回时标出的地方：", "Marked when it was returned:"))}</p>
                <ol class="m-findings m-passages">{rows}</ol>
            </div>
        }
    })
}

#[component]
fn LivePassage(form: Form, passage: PassageView) -> impl IntoView {
    let (words, reason) = (passage.words.clone(), passage.passage.reason.clone());
    let (part, len) = (passage.passage.part, passage.passage.len);
    let place = Memo::new(move |_| form.title.with(|t| form.body.with(|b| passage.found_in(t, b))));
    let state = move || match place.get() {
        Some(_) => {
            let show = move |()| {
                let Some(start) = place.get_untracked() else { return };
                let is_title = part == Part::Title;
                let text = if is_title { form.title } else { form.body };
                select(is_title, &text.get_untracked(), start as usize, len as usize);
            };
            let label = t(Words::fixed("看位置", "Show me"));
            view! { <Button label kind=ButtonKind::Quiet icon=IconName::Search on_click=show /> }.into_any()
        }
        None => view! { <Badge tone=Tone::Good label=t(Words::fixed("这一处已改动", "Changed since")) /> }
            .into_any(),
    };
    view! {
        <li class="m-finding">
            <p class="m-quote" lang="zh-CN">
                <span class="x-small x-muted">{t(part.title())}</span>
                " "
                <mark>{words}</mark>
            </p>
            <p class="x-prose">{reason}</p>
            <div class="x-row">{state}</div>
        </li>
    }
    .into_any()
}
