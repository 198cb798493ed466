//! Appointments that wait for a second person: who, what, where, from when,
//! given by whom; confirmed one by one or several at once, or declined.

use std::collections::BTreeSet;

use domain::api;
use domain::appointment::{
    Confirm, Decline, DeclinedAppointment, REASON_MAX, WaitingAppointment, WaitingAppointments,
};
use domain::ids::AppointmentId;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Card, ConfirmDialog, EmptyState, FormField, IconName, Page, TextArea, t, tw,
    use_lang, use_toasts,
};

use super::posts::post_words;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::session::use_session;

/// `/appointments`.
#[component]
pub fn AppointmentsPage() -> impl IntoView {
    let waiting = Query::new(|| api::WAITING_APPOINTMENTS.into());
    view! {
        <Page title=t(Words::fixed("任命确认", "Appointments to confirm"))>
            <p class="x-muted">
                {t(Words::fixed(
                    "有权审批、管理或开通账号的岗位，由一人任命、另一人确认后才生效。请对照任命文件核对后再确认。",
                    "A post that decides, manages or opens accounts counts once one person has given it and another has confirmed it. Compare with the written appointment before you confirm.",
                ))}
            </p>
            <Loaded query=waiting show=move |all| view! { <Waiting all query=waiting /> }.into_any() />
        </Page>
    }
    .into_any()
}

#[component]
fn Waiting(all: WaitingAppointments, query: Query<WaitingAppointments>) -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let chosen = RwSignal::new(BTreeSet::<i64>::new());
    let (asking, declining) = (RwSignal::new(false), RwSignal::new(false));
    // Whom a refusal is about, for the dialog.
    let about = RwSignal::new(None::<(AppointmentId, String)>);
    let reason = RwSignal::new(String::new());
    let (confirm, decline) = (Order::new(), Order::new());
    let declined = declined_card(all.declined);
    if all.waiting.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Done
                    title=t(Words::fixed("没有待确认的任命", "No appointment waits"))
                    note=t(Words::fixed(
                        "导入教职工名单后，新的管理岗位会出现在这里。",
                        "New managing posts appear here after a staff list is imported.",
                    ))
                />
            </Card>
            {declined}
        }
        .into_any();
    }
    let after = move |left: WaitingAppointments, done: Words| {
        let mine = left.waiting.iter().filter(|w| w.bar.is_none()).count();
        session.update(|me| me.to_confirm = mine as u32);
        toasts.done(done);
        query.set(left);
    };
    let (mine, others): (Vec<_>, Vec<_>) = all.waiting.into_iter().partition(|w| w.bar.is_none());
    let all_mine: BTreeSet<i64> = mine.iter().map(|w| w.appointment.id.0).collect();
    let ask_decline = Callback::new(move |(id, name): (AppointmentId, String)| {
        decline.clear();
        reason.set(String::new());
        about.set(Some((id, name)));
        declining.set(true);
    });
    let run_confirm = move |()| {
        let appointments: Vec<_> = chosen.with_untracked(|c| c.iter().map(|id| AppointmentId(*id)).collect());
        let n = appointments.len();
        confirm.send(api::CONFIRM_APPOINTMENTS, &Confirm { appointments }, move |left| {
            asking.set(false);
            chosen.set(BTreeSet::new());
            after(left, words!("已确认 {n} 项任命", "Confirmed: {n}"));
        });
    };
    let run_decline = move |()| {
        let Some((id, _)) = about.get_untracked() else { return };
        let body = Decline { reason: reason.get_untracked().trim().to_owned() };
        decline.send(api::DECLINE_APPOINTMENT.at(id), &body, move |left| {
            declining.set(false);
            chosen.update(|c| {
                c.remove(&id.0);
            });
            after(left, Words::fixed("已不予确认，这项任命不生效", "Declined: it will not count"));
        });
    };
    let n = move || chosen.with(BTreeSet::len);
    let label = tw(move || match n() {
        0 => Words::fixed("确认任命", "Confirm"),
        n => words!("确认 {n} 项任命", "Confirm {n}"),
    });
    let question = tw(move || match n() {
        1 => Words::fixed("确认这项任命？", "Confirm this appointment?"),
        n => words!("确认这 {n} 项任命？", "Confirm these {n} appointments?"),
    });
    let whom = tw(move || {
        let name = about.with(|d| d.as_ref().map(|(_, name)| name.clone()).unwrap_or_default());
        words!("不予确认{name}的任命？", "Decline the appointment of {name}?")
    });
    let every = all_mine.clone();
    let is_every = Memo::new(move |_| chosen.with(|c| *c == every));
    let toggle_all = move |_| {
        chosen.set(if is_every.get_untracked() { BTreeSet::new() } else { all_mine.clone() });
    };
    let some = !mine.is_empty();
    let rows = mine.into_iter().map(|w| row(w, Some(chosen), ask_decline)).collect::<Vec<_>>();
    let mine = some.then(|| {
        view! {
            <Card title=t(Words::fixed("待您确认", "For you to confirm")) flush=true>
                <label class="x-choice s-staff">
                    <input type="checkbox" prop:checked=move || is_every.get() on:change=toggle_all />
                    <span class="x-choice-words">{t(Words::fixed("全选", "Choose all"))}</span>
                </label>
                <ul class="s-people s-gifts">{rows}</ul>
            </Card>
            <div class="x-actions">
                <Button
                    label
                    kind=ButtonKind::Primary
                    disabled=Signal::derive(move || n() == 0)
                    on_click=move |()| {
                        confirm.clear();
                        asking.set(true);
                    }
                />
            </div>
        }
    });
    let others = (!others.is_empty()).then(|| {
        let rows = others.into_iter().map(|w| row(w, None, ask_decline)).collect::<Vec<_>>();
        view! {
            <Card title=t(Words::fixed("待其他人确认", "For somebody else to confirm")) flush=true>
                <ul class="s-people s-gifts">{rows}</ul>
            </Card>
        }
    });
    view! {
        {mine}
        {others}
        {declined}
        <ConfirmDialog
            open=asking
            title=question
            confirm=t(Words::fixed("确认任命", "Confirm"))
            on_confirm=run_confirm
            busy=confirm.busy()
        >
            <p>
                {t(Words::fixed(
                    "确认后立即生效，并以您的名字记入操作日志。",
                    "It counts at once, and goes into the audit log under your name.",
                ))}
            </p>
            <Problems order=confirm />
        </ConfirmDialog>
        <ConfirmDialog
            open=declining
            title=whom
            confirm=t(Words::fixed("不予确认", "Decline"))
            on_confirm=run_decline
            busy=decline.busy()
            danger=true
        >
            <p>
                {t(Words::fixed(
                    "这项任命随即结束，从未生效；需要时可重新任命。",
                    "The appointment ends without ever having counted; it can be given anew.",
                ))}
            </p>
            <Problems order=decline />
            <FormField
                label=t(Words::fixed("理由", "Reason"))
                error=decline.field_error("reason")
                required=true
            >
                <TextArea value=reason rows=3 max=REASON_MAX />
            </FormField>
        </ConfirmDialog>
    }
    .into_any()
}

/// One appointment: who and what, from when and by whom, and what can be done with it.
fn row(
    waiting: WaitingAppointment,
    chosen: Option<RwSignal<BTreeSet<i64>>>,
    decline: Callback<(AppointmentId, String)>,
) -> AnyView {
    let lang = use_lang();
    let WaitingAppointment { appointment, staff, since, given_by, given_at, import, opened_by, bar } =
        waiting;
    let id = appointment.id;
    let post = Signal::derive({
        let appointment = appointment.clone();
        move || {
            let words = post_words(&appointment, lang.get());
            // The unit where the words do not name it already.
            if words.contains(&appointment.unit_name) {
                words
            } else {
                format!("{words} · {}", appointment.unit_name)
            }
        }
    });
    let (from, at) = (since.words(), given_at.words());
    let (fz, fe, az, ae) = (from.zh, from.en, at.zh, at.en);
    let giver = given_by.name;
    let by = match import {
        Some(file) => words!(
            "自 {fz} 起 · {giver}于 {az} 任命（第 {file} 次导入）",
            "From {fe} · given by {giver}, {ae} (import {file})"
        ),
        None => words!("自 {fz} 起 · {giver}于 {az} 任命", "From {fe} · given by {giver}, {ae}"),
    };
    let opened = opened_by.map(|opener| {
        let opener = opener.name;
        let words = words!(
            "账号由{opener}一人签发的开通单开通，请先核实使用账号的是其本人",
            "The account was opened with a slip that {opener} issued alone: make sure first that it is this person who uses it"
        );
        view! { <span class="x-choice-note">{t(words)}</span> }
    });
    let bar = bar.map(|bar| view! { <span class="x-choice-note">{t(bar.words())}</span> });
    let words = view! {
        <span class="x-choice-words">
            <span>{staff.name.clone()} " " <span class="x-muted x-small">{staff.number}</span></span>
            <strong>{post}</strong>
            <span class="x-choice-note">{t(by)}</span>
            {opened}
            {bar}
        </span>
    };
    let body = match chosen {
        Some(chosen) => {
            let toggle = move |event| {
                let on = event_target_checked(&event);
                chosen.update(|c| {
                    if on {
                        c.insert(id.0);
                    } else {
                        c.remove(&id.0);
                    }
                });
            };
            view! {
                <label class="x-choice s-staff">
                    <input
                        type="checkbox"
                        prop:checked=move || chosen.with(|c| c.contains(&id.0))
                        on:change=toggle
                    />
                    {words}
                </label>
            }
            .into_any()
        }
        None => view! { <div class="s-gift">{words}</div> }.into_any(),
    };
    let name = staff.name;
    view! {
        <li>
            {body}
            <Button
                label=t(Words::fixed("不予确认", "Decline"))
                kind=ButtonKind::Quiet
                on_click=move |()| decline.run((id, name.clone()))
            />
        </li>
    }
    .into_any()
}

/// What was declined lately, with the reasons: for who gave it.
fn declined_card(all: Vec<DeclinedAppointment>) -> AnyView {
    if all.is_empty() {
        return ().into_any();
    }
    let lang = use_lang();
    let row = move |declined: DeclinedAppointment| {
        let DeclinedAppointment { appointment, staff, given_by, declined_by, at, reason } = declined;
        let at = at.words();
        let (az, ae) = (at.zh, at.en);
        let by = words!(
            "{given_by}任命 · {declined_by}于 {az} 不予确认：{reason}",
            "Given by {given_by} · declined by {declined_by}, {ae}: {reason}"
        );
        view! {
            <li>
                <div class="s-gift">
                    <span class="x-choice-words">
                        <span>{staff.name} " " <span class="x-muted x-small">{staff.number}</span></span>
                        <span>{move || post_words(&appointment, lang.get())}</span>
                        <span class="x-choice-note">{t(by)}</span>
                    </span>
                </div>
            </li>
        }
    };
    let rows = all.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <Card title=t(Words::fixed("近 30 天不予确认的", "Declined in the last 30 days")) flush=true>
            <ul class="s-people s-gifts">{rows}</ul>
        </Card>
    }
    .into_any()
}

/// The way here for the start page, while something waits for this person.
#[component]
pub fn ToConfirm() -> impl IntoView {
    let me = crate::session::use_me();
    let title = tw(move || match me.with(|m| m.to_confirm) {
        1 => Words::fixed("1 项任命待您确认", "1 appointment waits for you"),
        n => words!("{n} 项任命待您确认", "{n} appointments wait for you"),
    });
    view! {
        <Show when=move || me.with(|m| m.to_confirm > 0)>
            <Card flush=true>
                <ui::List label=t(Words::fixed("待确认的任命", "Appointments to confirm"))>
                    <ui::ListItem
                        href="/appointments"
                        icon=IconName::Shield
                        title
                        note=t(Words::fixed(
                            "管理岗位须经第二人确认后才生效",
                            "A managing post counts once a second person has confirmed it",
                        ))
                    />
                </ui::List>
            </Card>
        </Show>
    }
    .into_any()
}

/// Says to somebody that the own post does not count yet.
#[component]
pub fn Unconfirmed() -> impl IntoView {
    let (me, lang) = (crate::session::use_me(), use_lang());
    let posts = move || {
        let lines = me.with(|m| super::posts::posts_words(&m.unconfirmed, lang.get()));
        lines.into_iter().map(|line| view! { <p>{line}</p> }).collect::<Vec<_>>()
    };
    view! {
        <Show when=move || me.with(|m| !m.unconfirmed.is_empty())>
            <ui::Banner
                tone=ui::Tone::Info
                title=t(Words::fixed("您的任命待确认后生效", "Your appointment waits to be confirmed"))
            >
                {posts}
            </ui::Banner>
        </Show>
    }
    .into_any()
}
