//! `/audit/{kind}/{id}`: what the log tells of one person, post or number; and,
//! when it is asked for and logged, the names and numbers of before.

use domain::api;
use domain::audit::{History, HistoryEntry, Reveal, Revealed, RevealedValue};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, Card, EmptyState, IconName, Page, Tone, t, tw, use_lang};

use super::sentence::{told, who};
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::{Route, use_router};

/// The page.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let route = use_router().route();
    let history = Query::new(move || match route.get() {
        Route::History(kind, id) => api::AUDIT_HISTORY.with(api::HISTORY_OF, kind).with(api::HISTORY_ID, id),
        // The page is being left.
        _ => api::AUDIT_HISTORY.into(),
    });
    let title = tw(move || match (history.value(), route.get()) {
        (Some(History { name, .. }), _) if !name.is_empty() => words!("{name}：变动记录", "{name}: history"),
        (_, Route::History(kind, id)) => {
            let (zh, en) = (kind.title().zh, kind.title().en);
            words!("{zh}（{id}）：变动记录", "History of {en} {id}")
        }
        _ => Words::fixed("变动记录", "History"),
    });
    view! {
        <Page title=title back=Route::Audit.path()>
            <Loaded query=history show=move |history| view! { <Told history /> }.into_any() />
        </Page>
    }
    .into_any()
}

#[component]
fn Told(history: History) -> impl IntoView {
    if history.entries.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Shield
                    title=t(Words::fixed("日志里没有相关记录", "The log tells nothing of it"))
                />
            </Card>
        }
        .into_any();
    }
    let History { kind, id, entries, more, may_reveal, .. } = history;
    let order = Order::new();
    let revealed = RwSignal::new(None::<Revealed>);
    let reveal = move |()| {
        order.send(api::REVEAL_VALUES, &Reveal { kind, id }, move |values| {
            let _ = revealed.try_set(Some(values));
        });
    };
    let rows: Vec<_> = entries.into_iter().map(row).collect();
    let ask = move || {
        may_reveal.then(|| {
            view! {
                <div class="x-row">
                    <Button
                        label=t(Words::fixed("查看当时的姓名、号码", "Show the names and numbers of that time"))
                        kind=ButtonKind::Plain
                        busy=order.busy()
                        on_click=reveal
                    />
                    <p class="x-muted x-small">
                        {t(Words::fixed("查看本身也会记入日志。", "That you looked is logged as well."))}
                    </p>
                </div>
            }
        })
    };
    view! {
        <Problems order />
        {move || revealed.get().map_or_else(|| ask().into_any(), values)}
        <Card flush=true>
            <table class="x-table s-log">
                <thead>
                    <tr>
                        <th scope="col">{t(Words::fixed("序号", "No."))}</th>
                        <th scope="col">{t(Words::fixed("时间", "Time"))}</th>
                        <th scope="col">{t(Words::fixed("谁", "Who"))}</th>
                        <th scope="col">{t(Words::fixed("变动", "Change"))}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Card>
        {more
            .then(|| {
                view! {
                    <p class="x-muted">
                        {t(Words::fixed("只列出最近 100 条。", "The newest 100 are listed."))}
                    </p>
                }
            })}
    }
    .into_any()
}

fn row(entry: HistoryEntry) -> AnyView {
    let lang = use_lang();
    let (seq, at) = (entry.view.entry.seq, entry.view.entry.at);
    let what = match entry.kind {
        None => told(entry.view.sentence()),
        Some(kind) => {
            let changes: Vec<_> = entry.changes.iter().map(|c| view! { <li>{t(c.words())}</li> }).collect();
            view! {
                <a href=Route::History(kind, entry.id).path()>{t(kind.title())}</a>
                <ul>{changes}</ul>
            }
            .into_any()
        }
    };
    view! {
        <tr>
            <td class="x-num x-muted">{seq}</td>
            <td class="x-num s-nowrap">{move || at.show(lang.get())}</td>
            <td>{who(&entry.view)}</td>
            <td>{what}</td>
        </tr>
    }
    .into_any()
}

fn values(revealed: Revealed) -> AnyView {
    let lang = use_lang();
    let n = revealed.erased;
    let erased = (n > 0).then(|| view! { <p>{t(words!("另有 {n} 项已按期删除，无法再看。", "{n} more were erased and cannot be read."))}</p> });
    let list: Vec<_> = revealed
        .values
        .into_iter()
        .map(|value| view! { <li>{move || value.at.show(lang.get())} " " {t(value_words(&value))}</li> })
        .collect();
    let title = if list.is_empty() {
        Words::fixed("没有以前的姓名或号码", "No earlier names or numbers")
    } else {
        Words::fixed("当时的姓名、号码", "Names and numbers of that time")
    };
    view! {
        <Banner tone=Tone::Info title=t(title)>
            <ul>{list}</ul>
            {erased}
        </Banner>
    }
    .into_any()
}

fn value_words(value: &RevealedValue) -> Words {
    let field = match value.field.as_str() {
        "name" => Words::fixed("姓名", "name"),
        "relation" => Words::fixed("与学生关系", "relation"),
        "reason" => Words::fixed("理由", "reason"),
        "phone" => Words::fixed("手机号", "number"),
        other => Words::name(other),
    };
    let (zh, en) = (field.zh, field.en);
    match (&value.before, &value.after) {
        (Some(before), Some(after)) => words!("{zh}：{before} → {after}", "{en}: {before} → {after}"),
        (Some(before), None) => words!("{zh}：{before} → 无", "{en}: {before} → none"),
        (None, Some(after)) => words!("{zh}：{after}", "{en}: {after}"),
        (None, None) => words!("{zh}：无", "{en}: none"),
    }
}
