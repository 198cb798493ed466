//! The dialog before submission: to exactly how many it goes, who decides,
//! and the statement that whoever publishes answers for it (G60).

use domain::api;
use domain::message::Submit;
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Dialog, Skeleton, Tone, t, tw, use_toasts};

use super::chain::ChainSteps;
use super::editor::Editor;
use super::preview::{reach_words, unreachable_words};
use crate::api::Order;
use crate::common::Problems;
use crate::route::{Route, use_router};

#[component]
pub fn SubmitDialog(open: RwSignal<bool>) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let (router, toasts) = (use_router(), use_toasts());
    let order = Order::new();
    let stated = RwSignal::new(false);
    Effect::new(move |_| {
        if open.get() {
            stated.set(false);
            order.clear();
        }
    });
    let submit = move |()| {
        let Some(id) = editor.id.get_untracked() else { return };
        let body = Submit { statement: stated.get_untracked() };
        order.send(api::SUBMIT.at(id), &body, move |_| {
            editor.submitted();
            toasts.done(Words::fixed("已提交报批", "Submitted for approval"));
            router.go(&Route::Message(id).path());
        });
    };
    let reach = move || match editor.preview.get().filter(|_| !editor.stale.get()) {
        None if editor.asking.problem().with(Option::is_some) => {
            let again = move |()| editor.look_again();
            view! {
                <Problems order=editor.asking />
                <Button label=t(Words::fixed("重新核对人数", "Count again")) on_click=again />
            }
            .into_any()
        }
        None => view! { <Skeleton lines=2 /> }.into_any(),
        Some(preview) => {
            let (phones, missing) = (preview.reach.phones, preview.reach.unreachable);
            let (zh, en) = (&preview.audience.zh, &preview.audience.en);
            let phones_en = count(phones, "phone", "phones");
            let line = words!("{zh}，将发给 {phones} 部手机", "{en}: it goes to {phones_en}");
            let warning = (missing > 0)
                .then(|| view! { <ui::Banner tone=Tone::Warning title=t(editor.draft.with_untracked(|d| unreachable_words(&d.audience, missing))) /> });
            view! {
                <p class="m-submit-count" data-test="submit-count">{t(line)}</p>
                <p class="x-small x-muted x-num">{t(editor.draft.with_untracked(|d| reach_words(&d.audience, &preview.reach)))}</p>
                {warning}
                <ChainSteps chain=preview.chain />
            }
            .into_any()
        }
    };
    let when = tw(move || match editor.draft.with(|d| d.send_at) {
        None => Words::fixed("审批通过后立即发送。", "It goes out as soon as it is approved."),
        Some(at) => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            words!("审批通过后，定于 {zh} 发送。", "Once approved, it goes out on {en}.")
        }
    });
    view! {
        <Dialog open title=t(Words::fixed("提交报批", "Submit for approval"))>
            <div class="x-dialog-body">
                <p class="m-submit-title">{move || editor.form.title.get()}</p>
                {reach}
                <p class="x-small">{when}</p>
                <label class="x-choice m-statement">
                    <input
                        type="checkbox"
                        prop:checked=move || stated.get()
                        on:change=move |event| stated.set(event_target_checked(&event))
                    />
                    <span>{t(Words::fixed("我对内容的真实性负责", "I answer for the truth of this content"))}</span>
                </label>
                <p class="x-small x-muted">
                    {t(
                        Words::fixed(
                            "提交后内容和收件名单即锁定，退回或撤回后才能修改。",
                            "Content and list are locked from now on, until it is returned or withdrawn.",
                        ),
                    )}
                </p>
                <Problems order />
            </div>
            <div class="x-dialog-actions">
                <Button label=t(Words::fixed("再看看", "Not yet")) on_click=move |()| open.set(false) />
                <Button
                    label=t(Words::fixed("提交", "Submit"))
                    kind=ButtonKind::Primary
                    busy=order.busy()
                    disabled=Signal::derive(move || !stated.get() || editor.stale.get())
                    on_click=submit
                />
            </div>
        </Dialog>
    }
    .into_any()
}
