//! What the owner of an account is told when the password was reset by a slip,
//! and the way to say that it was somebody else.

use domain::account::{ResetAnswer, ResetView};
use domain::api;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, Tone, t, use_toasts};

use crate::api::Order;
use crate::common::{Problems, me_refresher};
use crate::session::use_me;

/// One banner for each reset; nothing where there is none.
#[component]
pub fn ResetNotices() -> impl IntoView {
    let me = use_me();
    let resets = Memo::new(move |_| me.with(|m| m.resets.clone()));
    move || resets.get().into_iter().map(|reset| view! { <ResetNotice reset /> }).collect::<Vec<_>>()
}

#[component]
fn ResetNotice(reset: ResetView) -> impl IntoView {
    let (toasts, refresh) = (use_toasts(), me_refresher());
    let order = Order::new();
    let answer = move |mine: bool| {
        order.send(api::ANSWER_RESET.at(reset.id), &ResetAnswer { mine }, move |()| {
            toasts.done(if mine {
                Words::fixed("已记录：是本人重设", "Noted: it was you")
            } else {
                Words::fixed("已报告，其他设备上的登录已退出", "Reported; all other devices are signed out")
            });
            refresh();
        });
    };
    let at = reset.used_at.words();
    let (az, ae) = (at.zh, at.en);
    let (first, second) = (reset.ordered_by, reset.confirmed_by);
    let title = words!("您的密码已于 {az} 凭开通单重设", "Your password was reset by a slip on {ae}");
    let who =
        words!("由 {first} 申请，{second} 确认。", "It was ordered by {first} and confirmed by {second}.");
    let until = reset.caution_until.words();
    let (uz, ue) = (until.zh, until.en);
    let caution = words!(
        "{uz} 之前，您不能审批这两位起草的通知。",
        "Until {ue} you do not decide on what these two have written."
    );
    let reported = reset.reported_at.is_some();
    view! {
        <Banner tone=if reported { Tone::Danger } else { Tone::Warning } title=t(title)>
            <p>{t(who)} " " {t(caution)}</p>
            {if reported {
                view! {
                    <p>
                        {t(Words::fixed(
                            "您已报告不是本人重设，管理账号的人会看到。请在“我的”页马上修改密码。",
                            "You reported that it was not you; those who manage accounts see it. Change your password on the “Me” page now.",
                        ))}
                    </p>
                }
                    .into_any()
            } else {
                view! {
                    <div class="x-actions">
                        <Button
                            label=t(Words::fixed("是我本人", "It was me"))
                            busy=order.busy()
                            on_click=move |()| answer(true)
                        />
                        <Button
                            label=t(Words::fixed("不是我", "It was not me"))
                            kind=ButtonKind::Danger
                            busy=order.busy()
                            on_click=move |()| answer(false)
                        />
                    </div>
                    <Problems order />
                }
                    .into_any()
            }}
        </Banner>
    }
    .into_any()
}
