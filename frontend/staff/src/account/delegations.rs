//! Being away: recorded with dates, so that the substitute of a step decides
//! meanwhile.

use domain::account::Me;
use domain::api;
use domain::delegation::{
    AbsenceView, Delegations, HeldPost, REASON_MAX, RecordAbsence, can_be_away, may_record_others,
};
use domain::ids::AppointmentId;
use domain::time::Instant;
use domain::words;
use domain::words::{Lang, Words};
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Card, EmptyState, FormField, IconName, Page, Select, SelectOption, TextArea,
    TextInput, t, use_lang, use_toasts,
};

use super::posts::post_words;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::session::use_me;

/// Whether the page concerns a person at all.
pub fn concerns(me: &Me) -> bool {
    may_record_others(&me.person) || me.person.appointments.iter().any(|a| can_be_away(a.post))
}

/// `/delegations`.
#[component]
pub fn DelegationsPage() -> impl IntoView {
    let known = Query::new(|| api::DELEGATIONS.into());
    view! {
        <Page title=t(Words::fixed("请假与代行", "Away and stand-ins")) back="/mine" narrow=true>
            <p class="x-muted">
                {t(Words::fixed(
                    "登记请假后，审核、审批由流程中规定的代行人办理；流程没有规定代行人的步骤，仍须等本人办理。",
                    "While somebody is recorded as away, the substitute named by the procedure decides; a step without a substitute waits for its holder.",
                ))}
            </p>
            <Loaded query=known show=move |all| view! { <Known all query=known /> }.into_any() />
        </Page>
    }
    .into_any()
}

fn held_words(held: &HeldPost, lang: Lang) -> String {
    format!("{} · {}", held.staff.name, post_words(&held.appointment, lang))
}

#[component]
fn Known(all: Delegations, query: Query<Delegations>) -> impl IntoView {
    let Delegations { absences, posts } = all;
    let list = if absences.is_empty() {
        view! {
            <EmptyState
                icon=IconName::Clock
                title=t(Words::fixed("没有登记的请假", "Nobody is recorded as away"))
                note=t(Words::fixed(
                    "外出或请假前在下面登记，通知就不会等着您。",
                    "Record it below before you leave, and no notice waits for you.",
                ))
            />
        }
        .into_any()
    } else {
        let rows = absences.into_iter().map(|a| absence(a, query)).collect::<Vec<_>>();
        view! { <ul class="s-people s-gifts">{rows}</ul> }.into_any()
    };
    let form = (!posts.is_empty()).then(|| view! { <Form posts query /> });
    view! {
        <Card title=t(Words::fixed("现在和以后", "Now and later")) flush=true>
            {list}
        </Card>
        {form}
    }
    .into_any()
}

fn absence(absence: AbsenceView, query: Query<Delegations>) -> AnyView {
    let (lang, toasts) = (use_lang(), use_toasts());
    let order = Order::new();
    let AbsenceView { id, held, from, until, recorded_by, reason } = absence;
    let (f, u) = (from.words(), until.words());
    let (fz, fe, uz, ue) = (f.zh, f.en, u.zh, u.en);
    let own = recorded_by == held.staff.name;
    let dates = words!("{fz} 至 {uz}", "{fe} to {ue}");
    let by = (!own).then(|| {
        let words = words!("由{recorded_by}登记：{reason}", "Recorded by {recorded_by}: {reason}");
        view! { <span class="x-choice-note">{t(words)}</span> }
    });
    let title = Signal::derive(move || held_words(&held, lang.get()));
    let withdraw = move |()| {
        order.call(api::WITHDRAW_ABSENCE.at(id), move |left| {
            toasts.done(Words::fixed("已撤销登记，由本人办理", "Withdrawn: the holder decides again"));
            query.set(left);
        });
    };
    view! {
        <li>
            <div class="s-gift">
                <span class="x-choice-words">
                    <strong>{title}</strong>
                    <span class="x-choice-note x-num">{t(dates)}</span>
                    {by}
                </span>
                <Problems order />
            </div>
            <Button
                label=t(Words::fixed("撤销", "Withdraw"))
                kind=ButtonKind::Quiet
                busy=order.busy()
                on_click=withdraw
            />
        </li>
    }
    .into_any()
}

#[component]
fn Form(posts: Vec<HeldPost>, query: Query<Delegations>) -> impl IntoView {
    let (me, lang, toasts) = (use_me(), use_lang(), use_toasts());
    let mine = me.with_untracked(|m| m.person.id);
    let first = posts.first().map(|p| p.appointment.id.0.to_string()).unwrap_or_default();
    let post = RwSignal::new(first);
    let (from, until, reason) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let order = Order::new();
    let many = posts.len() > 1;
    let posts = StoredValue::new(posts);
    let options = Signal::derive(move || {
        posts.with_value(|posts| {
            let option =
                |p: &HeldPost| SelectOption::new(p.appointment.id.0.to_string(), held_words(p, lang.get()));
            posts.iter().map(option).collect::<Vec<_>>()
        })
    });
    let others = Memo::new(move |_| {
        let chosen = post.get();
        posts.with_value(|posts| {
            posts.iter().any(|p| p.appointment.id.0.to_string() == chosen && p.staff.id != mine)
        })
    });
    let no_end = RwSignal::new(false);
    let missing = t(Words::fixed("请填写结束时间", "Say until when"));
    let theirs = order.field_error("until");
    let until_error = Signal::derive(move || no_end.get().then(|| missing.get()).or(theirs.get()));
    let submit = move || {
        let ends = Instant::from_local(&until.get_untracked());
        no_end.set(ends.is_none());
        let (Some(until), Ok(id)) = (ends, post.get_untracked().parse()) else { return };
        let body = RecordAbsence {
            appointment: AppointmentId(id),
            from: Instant::from_local(&from.get_untracked()),
            until,
            reason: reason.get_untracked().trim().to_owned(),
        };
        order.send(api::RECORD_ABSENCE, &body, move |left| {
            toasts.done(Words::fixed("已登记请假", "Recorded"));
            query.set(left);
        });
    };
    let which = many.then(|| {
        view! {
            <FormField
                label=t(Words::fixed("谁的岗位", "Whose post"))
                error=order.field_error("appointment")
                required=true
            >
                <Select value=post options />
            </FormField>
        }
    });
    let hint = Signal::derive(move || {
        let words = if others.get() {
            Words::fixed(
                "替他人登记须写明原因，并告知本人；由您登记的，不能再由您代行。",
                "Say why and tell the person; what you record for others you cannot stand in for yourself.",
            )
        } else {
            Words::fixed("可不填", "Optional")
        };
        Some(words.get(lang.get()).to_owned())
    });
    view! {
        <Card title=t(Words::fixed("登记请假", "Record an absence"))>
            <Problems order />
            <form
                class="x-form"
                novalidate
                on:submit=move |event| {
                    event.prevent_default();
                    submit();
                }
            >
                {which}
                <FormField
                    label=t(Words::fixed("开始时间", "From"))
                    hint=t(Words::fixed("不填就从现在开始", "From now where left empty"))
                >
                    <TextInput value=from kind="datetime-local" />
                </FormField>
                <FormField label=t(Words::fixed("结束时间", "Until")) error=until_error required=true>
                    <TextInput value=until kind="datetime-local" />
                </FormField>
                <FormField label=t(Words::fixed("原因", "Reason")) hint error=order.field_error("reason")>
                    <TextArea value=reason rows=2 max=REASON_MAX />
                </FormField>
                <Button
                    label=t(Words::fixed("登记", "Record"))
                    kind=ButtonKind::Primary
                    submit=true
                    busy=order.busy()
                />
            </form>
        </Card>
    }
    .into_any()
}
