//! All procedures, each in a plain sentence.

use domain::access::Action;
use domain::api;
use domain::approval::procedure::{ProcedureView, Procedures, Standing, WhichVersion};
use domain::approval::{Scope, Sender};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Banner, Button, ButtonKind, ButtonLink, Card, ConfirmDialog, Page, Tone, t, use_toasts};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::Route;
use crate::session::use_me;

/// The address of the editor.
fn edit_path(sender: Sender, scope: Scope) -> String {
    format!("{}?edit={}-{}", Route::Procedures.path(), sender.key(), scope.key())
}

/// `/procedures`.
#[component]
pub fn ListPage() -> impl IntoView {
    let known = Query::new(|| api::PROCEDURES.into());
    view! {
        <Page title=t(Words::fixed("审批流程", "Approval procedures")) narrow=true>
            <p class="x-muted">
                {t(Words::fixed(
                    "谁发送，就走谁的流程。修改须由两个人办理：一人提出，另一人确认，从起用之日起对新报批的信息有效；已报批的仍按原流程办理。",
                    "The procedure follows who sends. Two people change it: one proposes, another confirms, and it holds from its day for what is submitted then; what is under way keeps its own.",
                ))}
            </p>
            <Loaded query=known show=move |all| view! { <Known all query=known /> }.into_any() />
        </Page>
    }
    .into_any()
}

/// What is done about a version that waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Confirm,
    Decline,
}

#[component]
fn Known(all: Procedures, query: Query<Procedures>) -> impl IntoView {
    let (me, toasts) = (use_me(), use_toasts());
    let may = me.with_untracked(|m| m.person.may(Action::SetProcedures));
    let order = Order::new();
    let asking = RwSignal::new(false);
    let asked = RwSignal::new(None::<(ProcedureView, Said)>);
    let ask = Callback::new(move |what: (ProcedureView, Said)| {
        order.clear();
        asked.set(Some(what));
        asking.set(true);
    });
    let run = move |()| {
        let Some((version, said)) = asked.get_untracked() else { return };
        let to = match said {
            Said::Confirm => api::CONFIRM_PROCEDURE,
            Said::Decline => api::DECLINE_PROCEDURE,
        };
        order.send(to.at(version.id), &WhichVersion { version: version.version }, move |left| {
            let _ = asking.try_set(false);
            toasts.done(match said {
                Said::Confirm => Words::fixed("已确认", "Confirmed"),
                Said::Decline => Words::fixed("已不采用", "Declined"),
            });
            query.set(left);
        });
    };
    let confirms = move || asked.with(|a| a.as_ref().is_some_and(|(_, said)| *said == Said::Confirm));
    let words = move |confirm: Words, decline: Words| {
        ui::tw(move || if confirms() { confirm.clone() } else { decline.clone() })
    };
    let sentence =
        ui::tw(move || asked.with(|a| a.as_ref().map_or(Words::fixed("", ""), |(v, _)| v.sentence.clone())));
    let there = |sender: Sender, scope: Scope| {
        all.all.iter().any(|p| p.sender == sender && (p.scope == scope || p.scope == Scope::Any))
    };
    // One for each sender and scope that has none yet; a procedure for all audiences needs no narrower one beside it.
    let more: Vec<_> = Sender::ALL
        .into_iter()
        .flat_map(|sender| sender.scopes().iter().map(move |scope| (sender, *scope)))
        .filter(|(sender, scope)| !there(*sender, *scope))
        .filter(|(sender, scope)| *scope != Scope::Any || all.all.iter().all(|p| p.sender != *sender))
        .collect();
    let cards = all.all.into_iter().map(|version| card(version, may, ask)).collect::<Vec<_>>();
    let more = (may && !more.is_empty()).then(|| {
        let links = more
            .into_iter()
            .map(|(sender, scope)| {
                view! {
                    <ButtonLink href=edit_path(sender, scope) label=t(heading(sender, scope)) />
                }
            })
            .collect::<Vec<_>>();
        view! {
            <Card title=t(Words::fixed("还没有流程的", "Without a procedure yet"))>
                <p class="x-small x-muted">
                    {t(Words::fixed(
                        "没有流程的，不能报批和发送。",
                        "What has no procedure can be neither submitted nor sent.",
                    ))}
                </p>
                <div class="x-row">{links}</div>
            </Card>
        }
    });
    view! {
        {cards}
        {more}
        <ConfirmDialog
            open=asking
            title=words(
                Words::fixed("确认这个修改？", "Confirm this change?"),
                Words::fixed("不采用这个修改？", "Decline this change?"),
            )
            confirm=words(Words::fixed("确认", "Confirm"), Words::fixed("不采用", "Decline"))
            on_confirm=run
            busy=order.busy()
        >
            <p class="x-prose">{sentence}</p>
            <p class="x-small">
                {words(
                    Words::fixed(
                        "确认后从起用之日起有效，您的姓名和时间会记录在案。",
                        "It holds from its day on. Your name and the time are recorded.",
                    ),
                    Words::fixed("这一版从此作废，现行流程不变。", "This version never counts; what is in force stays."),
                )}
            </p>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

/// Who sends, and to whom where that makes a difference.
pub(super) fn heading(sender: Sender, scope: Scope) -> Words {
    let who = sender.title();
    if scope == Scope::Any {
        return who;
    }
    let to = scope.title();
    let (wz, we, tz, te) = (who.zh, who.en, to.zh, to.en);
    words!("{wz} · {tz}", "{we} · {te}")
}

fn card(version: ProcedureView, may: bool, ask: Callback<(ProcedureView, Said)>) -> AnyView {
    let standing = version.standing;
    let tone = match standing {
        Standing::InForce => Tone::Neutral,
        Standing::Coming => Tone::Info,
        Standing::Proposed => Tone::Warning,
    };
    // What is in force is the normal case and needs no word.
    let badge =
        move || (standing != Standing::InForce).then(|| view! { <Badge tone label=t(standing.title()) /> });
    let (n, date, label) = (version.version, version.in_force_from.date(), version.label.clone());
    let (lz, le) = (label.zh, label.en);
    let by = match (&version.set_by, &version.confirmed_by) {
        (Some(one), Some(two)) => words!("{one}提出，{two}确认", "proposed by {one}, confirmed by {two}"),
        (Some(one), None) => words!("{one}提出", "proposed by {one}"),
        _ => Words::fixed("建校时设定", "set when the school was opened"),
    };
    let (bz, be) = (by.zh, by.en);
    let note = words!("{lz} · 第 {n} 版 · 自 {date} 起用 · {bz}", "{le} · version {n} · from {date} · {be}");
    let forged = (!version.sealed).then(|| {
        view! {
            <Banner
                tone=Tone::Danger
                title=t(Words::fixed(
                    "记录与封印不符：按它报批会被拒绝，请告知系统管理员",
                    "The record does not fit its seal: nothing can be submitted under it. Tell the administrator",
                ))
            />
        }
    });
    let bar = version.bar.clone().map(|bar| view! { <p class="x-small x-muted">{t(bar)}</p> });
    let buttons = may.then(|| match standing {
        Standing::Proposed => {
            let (first, second) = (version.clone(), version.clone());
            let confirm = version.bar.is_none().then(|| {
                view! {
                    <Button
                        label=t(Words::fixed("确认", "Confirm"))
                        kind=ButtonKind::Primary
                        on_click=move |()| ask.run((first.clone(), Said::Confirm))
                    />
                }
            });
            view! {
                <div class="x-row">
                    {confirm}
                    <Button
                        label=t(Words::fixed("不采用", "Decline"))
                        on_click=move |()| ask.run((second.clone(), Said::Decline))
                    />
                </div>
            }
            .into_any()
        }
        Standing::InForce => view! {
            <div class="x-row">
                <ButtonLink
                    href=edit_path(version.sender, version.scope)
                    label=t(Words::fixed("修改", "Change"))
                />
            </div>
        }
        .into_any(),
        Standing::Coming => ().into_any(),
    });
    view! {
        <Card title=t(heading(version.sender, version.scope)) actions=badge>
            {forged}
            <p class="x-prose">{t(version.sentence)}</p>
            <p class="x-small x-muted">{t(note)}</p>
            {bar}
            {buttons}
        </Card>
    }
    .into_any()
}
