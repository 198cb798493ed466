//! The files applied last, and taking the latest back.

use domain::api;
use domain::ids::ImportId;
use domain::roster::{ImportKind, ImportView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Card, ConfirmDialog, List, ListItem, t, use_toasts};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems, me_refresher};

/// The files applied last.
#[component]
pub fn Imports() -> impl IntoView {
    let imports = Query::new(|| api::IMPORTS.into());
    let show = move |all: Vec<ImportView>| {
        if all.is_empty() {
            return ().into_any();
        }
        let rows =
            all.into_iter().enumerate().map(|(at, import)| row(at, import, imports)).collect::<Vec<_>>();
        view! {
            <Card title=t(Words::fixed("最近的导入", "Latest imports")) flush=true>
                <List label=t(Words::fixed("最近的导入", "Latest imports"))>{rows}</List>
            </Card>
        }
        .into_any()
    };
    view! { <Loaded query=imports lines=2 show /> }.into_any()
}

fn row(at: usize, import: ImportView, all: Query<Vec<ImportView>>) -> AnyView {
    let ImportView { id, kind, by, applied_at, counts, undone_at, stays } = import;
    let title = match kind {
        ImportKind::Staff => Words::fixed("教职工名单", "Staff list"),
        ImportKind::Students => Words::fixed("学生和家长名单", "Students and parents"),
    };
    let (added, changed, left) = (counts.added, counts.changed, counts.left);
    let when = applied_at.words();
    let (zh, en) = (when.zh, when.en);
    let mut note = words!(
        "{zh} · {by} · 新增 {added}，变动 {changed}，离校 {left}",
        "{en} · {by} · new {added}, changed {changed}, left {left}"
    );
    // Why older ones stay needs no saying: only the latest can be taken back.
    if let Some(why) = stays.as_ref().filter(|_| at == 0 && undone_at.is_none()) {
        note = Words {
            zh: format!("{}。{}", note.zh, why.zh).into(),
            en: format!("{}. {}", note.en, why.en).into(),
        };
    }
    let (undone, may_undo) = (undone_at.is_some(), stays.is_none());
    let trailing = move || {
        if undone {
            view! { <Badge label=t(Words::fixed("已撤销", "Taken back")) /> }.into_any()
        } else if may_undo {
            view! { <Undo id on_done=move |()| all.reload() /> }.into_any()
        } else {
            ().into_any()
        }
    };
    view! { <ListItem title=t(title) note=t(note) trailing /> }.into_any()
}

/// The button that takes a file back, with its question.
#[component]
pub fn Undo(
    /// Which.
    id: ImportId,
    /// What follows.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let (order, toasts, refresh) = (Order::new(), use_toasts(), me_refresher());
    let open = RwSignal::new(false);
    let undo = move |()| {
        order.call(api::UNDO_IMPORT.at(id), move |_: ImportView| {
            open.set(false);
            toasts.done(Words::fixed("已撤销这次导入", "The import is taken back"));
            refresh();
            on_done.run(());
        });
    };
    view! {
        <Button
            label=t(Words::fixed("撤销这次导入", "Take it back"))
            kind=ButtonKind::Quiet
            on_click=move |()| open.set(true)
        />
        <ConfirmDialog
            open
            title=t(Words::fixed("撤销这次导入？", "Take this import back?"))
            confirm=t(Words::fixed("撤销导入", "Take it back"))
            on_confirm=undo
            busy=order.busy()
            danger=true
        >
            <p>
                {t(Words::fixed(
                    "名单恢复到导入之前：改动的改回去，新增的人员和班级停用，免去的职务重新任命。新建的部门会保留。",
                    "The roll becomes what it was: changes are turned back, new people and classes are taken out of use, posts that ended begin anew. New units stay.",
                ))}
            </p>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}
