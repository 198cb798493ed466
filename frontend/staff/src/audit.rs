//! The audit log (I9) as people read it, and the check that it is whole.

use domain::api;
use domain::audit::{AuditPage as Entries, EntryView, Verdict};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Badge, Banner, Button, ButtonKind, Card, EmptyState, ErrorState, IconName, Page, Progress, Tone, t,
    use_lang,
};

use crate::api::{Load, Query, use_api};
use crate::common::Loaded;

/// `/audit`.
#[component]
pub fn AuditPage() -> impl IntoView {
    let first = Query::new(|| api::AUDIT.into());
    let api = use_api();
    let verdict = RwSignal::new(None::<Load<Verdict>>);
    let verify = move |()| {
        verdict.set(Some(Load::Waiting));
        spawn_local(async move {
            let answer = match api.get(api::VERIFY_AUDIT).await {
                Ok(v) => Load::Ready(v),
                Err(p) => Load::Failed(p),
            };
            let _ = verdict.try_set(Some(answer));
        });
    };
    let busy = Signal::derive(move || matches!(verdict.get(), Some(Load::Waiting)));
    let result = move || {
        Some(match verdict.get()? {
            Load::Waiting => view! {
                <Progress label=t(Words::fixed("正在逐条核对…", "Checking entry by entry…")) />
            }
            .into_any(),
            Load::Failed(problem) => view! { <ErrorState problem /> }.into_any(),
            Load::Ready(Verdict::Whole { sealed, head }) => view! {
                <Banner
                    tone=Tone::Good
                    title=t(words!("日志完整：{sealed} 条已封存记录都没有被改动", "The log is whole: none of its {sealed} sealed entries was changed"))
                >
                    <p class="x-mono">{head}</p>
                </Banner>
            }
            .into_any(),
            Load::Ready(Verdict::Broken { seq }) => view! {
                <Banner
                    tone=Tone::Danger
                    title=t(words!("第 {seq} 条记录与封存时不一致", "Entry {seq} is not as it was sealed"))
                >
                    <p>
                        {t(Words::fixed(
                            "日志可能被改动过。请立即停止发送、保留现场，并报告领导小组。",
                            "The log may have been tampered with. Stop all sending, leave everything as it is and report it to the leading group.",
                        ))}
                    </p>
                </Banner>
            }
            .into_any(),
        })
    };
    view! {
        <Page
            title=t(Words::fixed("操作日志", "Audit log"))
            actions=move || {
                view! {
                    <Button
                        label=t(Words::fixed("核对完整性", "Verify"))
                        icon=IconName::Shield
                        busy
                        on_click=verify
                    />
                }
            }
        >
            <div aria-live="polite">{result}</div>
            <Loaded query=first lines=8 show=move |page| view! { <Log page /> }.into_any() />
        </Page>
    }
    .into_any()
}

#[component]
fn Log(page: Entries) -> impl IntoView {
    if page.entries.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Shield
                    title=t(Words::fixed("还没有记录", "No entries yet"))
                    note=t(Words::fixed("谁在什么时候做了什么，都会记在这里，不能修改。", "Who did what and when is recorded here and cannot be changed."))
                />
            </Card>
        }
        .into_any();
    }
    let api = use_api();
    let (entries, more) = (RwSignal::new(page.entries), RwSignal::new(page.more));
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None));
    let older = move |()| {
        let Some(last) = entries.with_untracked(|e| e.last().map(|e| e.entry.seq)) else { return };
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match api.get(api::AUDIT.with(api::BEFORE_ENTRY, last)).await {
                Ok(page) => {
                    let _ = more.try_set(page.more);
                    let _ = entries.try_update(|e| e.extend(page.entries));
                }
                Err(p) => {
                    let _ = problem.try_set(Some(p));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <Card flush=true>
            <table class="x-table s-log">
                <thead>
                    <tr>
                        <th scope="col">{t(Words::fixed("序号", "No."))}</th>
                        <th scope="col">{t(Words::fixed("时间", "Time"))}</th>
                        <th scope="col">{t(Words::fixed("谁", "Who"))}</th>
                        <th scope="col">{t(Words::fixed("做了什么", "What"))}</th>
                        <th scope="col">{t(Words::fixed("封存", "Sealed"))}</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || entries.get() key=|e| (e.entry.seq, e.sealed) children=row />
                </tbody>
            </table>
        </Card>
        {move || problem.get().map(|problem| view! { <ErrorState problem /> })}
        <Show when=move || more.get()>
            <Button
                label=t(Words::fixed("更早的记录", "Earlier entries"))
                kind=ButtonKind::Plain
                busy
                on_click=older
            />
        </Show>
    }
    .into_any()
}

fn row(view: EntryView) -> AnyView {
    let lang = use_lang();
    let EntryView { entry, actor_name, sealed } = view;
    let who = if entry.actor == 0 { Words::fixed("系统", "The system") } else { Words::name(actor_name) };
    let what = entry.title();
    let subject = format!("{} {}", entry.subject, entry.subject_id);
    let (tone, seal) = if sealed {
        (Tone::Good, Words::fixed("已封存", "Sealed"))
    } else {
        (Tone::Neutral, Words::fixed("待封存", "Not yet"))
    };
    let detail = (entry.detail != "{}" && !entry.detail.is_empty()).then(|| {
        view! {
            <details class="s-detail">
                <summary>{t(Words::fixed("详情", "Details"))}</summary>
                <p class="x-mono x-muted">{entry.detail.clone()}</p>
            </details>
        }
    });
    view! {
        <tr>
            <td class="x-num x-muted">{entry.seq}</td>
            <td class="x-num s-nowrap">{move || entry.at.show(lang.get())}</td>
            <td>{t(who)}</td>
            <td>
                {t(what)} " " <span class="x-mono x-muted">{subject}</span> {detail}
            </td>
            <td>
                <Badge tone label=t(seal) />
            </td>
        </tr>
    }
    .into_any()
}
