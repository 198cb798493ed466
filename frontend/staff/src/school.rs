//! The school's settings, and the switch that stops all sending.

use domain::access::Action;
use domain::api;
use domain::school::{StopOrder, Stopped};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, Card, ConfirmDialog, Fact, Facts, FormField, IconName, Page, TextArea, Tone,
    t, tw, use_lang, use_toasts,
};

use crate::api::Order;
use crate::common::Problems;
use crate::session::{use_me, use_session};

/// `/settings`.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let me = use_me();
    let school = move || me.with(|m| m.school.clone());
    let window = tw(move || school().window.words());
    // The switch is for those who may throw it; a stop that holds is everybody's to see.
    let may_see = me.with_untracked(|m| m.person.may(Action::StopSending) || m.school.stopped.is_some());
    let is_always = move || me.with(|m| m.school.window.is_always());
    view! {
        <Page title=t(Words::fixed("设置", "Settings"))>
            <div class="x-columns x-columns-even">
                {may_see.then(|| view! { <StopCard /> })}
                <Card title=t(Words::fixed("学校", "School"))>
                    <Facts>
                        <Fact label=t(Words::fixed("名称", "Name"))>{move || school().name}</Fact>
                        <Fact label=t(Words::fixed("短信签名", "SMS signature"))>
                            {move || format!("【{}】", school().signature)}
                        </Fact>
                        <Fact label=t(Words::fixed("平台名称", "Name of the platform"))>
                            {move || school().platform_word}
                        </Fact>
                        <Fact label=t(Words::fixed("可发送时段", "Sending hours"))>
                            <span class="x-num">{window}</span>
                        </Fact>
                    </Facts>
                    <p class="x-small x-muted" hidden=is_always>
                        {t(Words::fixed(
                            "时段以外的通知会等到下一个时段再发，不在休息时打扰家长和教师。",
                            "Outside these hours a notice waits until they begin again, so that nobody is disturbed at night.",
                        ))}
                    </p>
                </Card>
            </div>
        </Page>
    }
    .into_any()
}

/// Nobody has the rank of a stop any more: who has asked to lift it, or that two people do.
fn lifted_by_two(stop: &Stopped) -> AnyView {
    let words = match &stop.asked_by {
        Some(first) => {
            let name = &first.name;
            words!(
                "{name}已申请恢复，另一位可以停止发送的人确认后恢复",
                "{name} has asked to let it go on: another person who may stop sending confirms it"
            )
        }
        None => Words::fixed(
            "停止者的职务现在空缺，须由两位可以停止发送的人先后确认才能恢复",
            "The post that stopped it is vacant now: two people who may stop sending let it go on together",
        ),
    };
    view! { <p>{t(words)}</p> }.into_any()
}

/// The switch that stops all sending.
#[component]
fn StopCard() -> impl IntoView {
    let (me, session, toasts, lang) = (use_me(), use_session(), use_toasts(), use_lang());
    let open = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let missing = RwSignal::new(false);
    let order = Order::new();
    let stopped = Memo::new(move |_| me.with(|m| m.school.stopped.clone()));
    let outranked = move |stop: &Stopped| me.with(|m| m.person.lift(stop).err().map(|refusal| refusal.words));
    let may = move || {
        let stops = me.with(|m| m.person.may(Action::StopSending));
        stops && stopped.with(|s| s.as_ref().is_none_or(|s| outranked(s).is_none()))
    };
    let theirs = order.field_error("reason");
    let need = t(Words::fixed("请写明原因，会记入操作日志", "Give the reason: it goes into the audit log"));
    let error = Signal::derive(move || missing.get().then(|| need.get()).or(theirs.get()));
    let run = move |()| {
        let body = StopOrder {
            stopped: stopped.with_untracked(Option::is_none),
            reason: reason.get_untracked().trim().to_owned(),
        };
        missing.set(body.reason.is_empty());
        if missing.get_untracked() {
            return;
        }
        let stop = body.stopped;
        order.send(api::STOP, &body, move |school| {
            session.update(|me| me.school = school);
            open.set(false);
            reason.set(String::new());
            let waits = stopped.with_untracked(Option::is_some);
            toasts.done(if !stop && waits {
                Words::fixed("已申请恢复，等待第二人确认", "Asked: it waits for a second person")
            } else if stop {
                Words::fixed("已停止全部发送", "All sending is stopped")
            } else {
                Words::fixed("已恢复发送", "Sending resumed")
            });
        });
    };
    let ask = move |()| {
        missing.set(false);
        order.clear();
        open.set(true);
    };
    let status = move || {
        match stopped.get() {
        Some(stop) => {
            let at = stop.at.show(lang.get());
            let (who, by_two) = (outranked(&stop), stop.vacant.then(|| lifted_by_two(&stop)));
            view! {
                <Banner tone=Tone::Danger title=t(Words::fixed("全部发送已停止", "All sending is stopped"))>
                    <p>{stop.by} " · " {at}</p>
                    {(!stop.reason.is_empty()).then(|| view! { <p class="x-prose">{stop.reason}</p> })}
                    {who.map(|who| view! { <p>{t(who)}</p> })}
                    {by_two}
                </Banner>
                <p class="x-muted">
                    {t(Words::fixed(
                        "没有发出的短信原样保留，恢复后按顺序接着发送。",
                        "What has not gone out is kept as it is, and is sent in order afterwards.",
                    ))}
                </p>
            }
            .into_any()
        }
        None => view! {
            <p>
                {t(Words::fixed(
                    "发现错发、泄露或账号异常时使用：正在发送和等待发送的通知立即停下，任何人都不能再发，直到恢复。",
                    "For a wrong message, a leak or an abnormal account: whatever is being sent or waits stops at once, and nobody can send until sending is resumed.",
                ))}
            </p>
        }
        .into_any(),
    }
    };
    let is_stopped = Signal::derive(move || stopped.with(Option::is_some));
    let button = move || {
        may().then(|| {
            if is_stopped.get() {
                view! {
                    <Button
                        label=t(Words::fixed("恢复发送", "Resume sending"))
                        kind=ButtonKind::Primary
                        on_click=ask
                    />
                }
                .into_any()
            } else {
                view! {
                    <Button
                        label=t(Words::fixed("停止全部发送", "Stop all sending"))
                        kind=ButtonKind::Danger
                        icon=IconName::Stop
                        on_click=ask
                    />
                }
                .into_any()
            }
        })
    };
    let words =
        move |stop: Words, go: Words| tw(move || if is_stopped.get() { go.clone() } else { stop.clone() });
    view! {
        <Card title=t(Words::fixed("停止全部发送", "Stop all sending"))>
            {status} <div class="x-row">{button}</div>
            <ConfirmDialog
                open
                title=words(
                    Words::fixed("停止全校的全部发送？", "Stop all sending of the whole school?"),
                    Words::fixed("恢复发送？", "Resume sending?"),
                )
                confirm=words(Words::fixed("停止发送", "Stop sending"), Words::fixed("恢复发送", "Resume"))
                on_confirm=run
                busy=order.busy()
                danger=true
                typing=true
            >
                <Problems order />
                <FormField
                    label=t(Words::fixed("原因", "Reason"))
                    hint=t(Words::fixed("会记入操作日志，全体管理人员可见。", "It goes into the audit log, where all who manage can read it."))
                    error
                    required=true
                >
                    <TextArea value=reason rows=3 />
                </FormField>
            </ConfirmDialog>
        </Card>
    }
    .into_any()
}
