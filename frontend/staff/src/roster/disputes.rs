//! Numbers that somebody said are not theirs: who settles them finds them here.

use domain::api;
use domain::ids::DisputeId;
use domain::roster::people::Dispute;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, ButtonLink, Card, EmptyState, IconName, Page, Tone, t};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::Route;

/// `/disputes`.
#[component]
pub fn DisputesPage() -> impl IntoView {
    let list = Query::new(|| api::DISPUTES.into());
    let order = Order::new();
    let keep = Callback::new(move |id: DisputeId| {
        order.call(api::KEEP_NUMBER.at(id), move |()| list.reload());
    });
    let show = move |all: Vec<Dispute>| {
        if all.is_empty() {
            return view! {
                <Card>
                    <EmptyState
                        icon=IconName::Done
                        title=t(Words::fixed("没有待核实的号码", "No number is in question"))
                        note=t(Words::fixed(
                            "收信人在通知页上点“这不是我的号码”后，会出现在这里。",
                            "Where a recipient says “this is not my number”, it appears here.",
                        ))
                    />
                </Card>
            }
            .into_any();
        }
        let rows = all.into_iter().map(|d| row(d, keep, order)).collect::<Vec<_>>();
        view! {
            <p class="x-muted">
                {t(Words::fixed(
                    "核实之前不再往这些号码发送。号码确实错了，请换成对的；没有错，就保留。",
                    "Nothing more is sent to these numbers until it is settled. If a number is wrong, change it; if it is right, keep it.",
                ))}
            </p>
            <Card flush=true>
                <ul class="s-people">{rows}</ul>
            </Card>
        }
        .into_any()
    };
    view! {
        <Page title=t(Words::fixed("待核实的号码", "Numbers in question")) back=Route::Home.path()>
            <Problems order />
            <Loaded query=list show />
        </Page>
    }
    .into_any()
}

fn row(dispute: Dispute, keep: Callback<DisputeId>, order: Order) -> AnyView {
    let Dispute { id, name, relation, student, class, class_name, phone, message, at, .. } = dispute;
    let whose = match (student, class_name) {
        (Some(student), Some(class)) => format!("{class} {student} · {relation} {name}"),
        _ => name,
    };
    let at = at.words();
    let (az, ae) = (at.zh, at.en);
    let note = words!(
        "{phone} · {az} 在《{message}》的页面上提出",
        "{phone} · said on the page of “{message}”, {ae}"
    );
    let correct = class.map(|class| {
        let href = Route::EditClass(class).path();
        view! { <ButtonLink href label=t(Words::fixed("去换号码", "Change it")) kind=ButtonKind::Quiet /> }
    });
    view! {
        <li class="s-edit">
            <p><strong lang="zh-CN">{whose}</strong></p>
            <p class="x-small x-muted">{t(note)}</p>
            <p class="x-row">
                {correct}
                <Button
                    label=t(Words::fixed("号码没错，保留", "It is right: keep it"))
                    kind=ButtonKind::Quiet
                    busy=order.busy()
                    on_click=move |()| keep.run(id)
                />
            </p>
        </li>
    }
    .into_any()
}

/// On the start page of those who settle them, while there are any.
#[component]
pub fn DisputesBanner() -> impl IntoView {
    let list = Query::new(|| api::DISPUTES.into());
    move || {
        let n = list.value().map_or(0, |all: Vec<Dispute>| all.len());
        (n > 0).then(|| {
            let title =
                words!("{n} 个接收号码待核实：收信人称不是本人", "Numbers to check, said to be wrong: {n}");
            view! {
                <Banner tone=Tone::Warning title=t(title)>
                    <a href=Route::Disputes.path()>{t(Words::fixed("去核实", "Check them"))}</a>
                </Banner>
            }
        })
    }
}
