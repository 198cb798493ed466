//! The audit log (I9) as people read it: in sentences, with ways to what they
//! are about; and the check that it is whole, piece by piece.

mod history;
mod sentence;

pub use history::HistoryPage;

use domain::api;
use domain::audit::{AuditPage as Entries, EntryView, Fault, VerifyFrom, VerifyPage, VerifyPart};
use domain::problem::Problem;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Badge, Banner, Button, ButtonKind, Card, EmptyState, ErrorState, IconName, Page, Progress, Tone, t,
    use_lang,
};

use self::sentence::{told, who};
use crate::api::{Order, Query, use_api};
use crate::common::Loaded;

/// How far the check is.
#[derive(Clone)]
enum Check {
    Running { part: VerifyPart, checked: i64, of: i64 },
    Failed(Problem),
    Done { sealed: i64, head: String, faults: Vec<Fault> },
}

/// `/audit`.
#[component]
pub fn AuditPage() -> impl IntoView {
    let first = Query::new(|| api::AUDIT.into());
    let api = use_api();
    let check = RwSignal::new(None::<Check>);
    let verify = move |()| {
        check.set(Some(Check::Running { part: VerifyPart::Entries, checked: 0, of: 0 }));
        spawn_local(async move {
            let (mut sealed, mut head, mut faults) = (0, String::new(), Vec::new());
            let mut at = Some(VerifyFrom { part: VerifyPart::Entries, from: 0 });
            while let Some(VerifyFrom { part, from }) = at {
                let piece = api::VERIFY_AUDIT.with(api::PART, part).with(api::FROM, from);
                let page: VerifyPage = match api.get(piece).await {
                    Ok(page) => page,
                    Err(problem) => {
                        let _ = check.try_set(Some(Check::Failed(problem)));
                        return;
                    }
                };
                if part == VerifyPart::Entries {
                    (sealed, head) = (page.of, page.head);
                }
                faults.extend(page.faults);
                at = page.next;
                // The page may be gone: then nobody waits for the rest.
                let running = Check::Running { part, checked: page.checked, of: page.of };
                if check.try_set(Some(running)).is_some() {
                    return;
                }
            }
            let _ = check.try_set(Some(Check::Done { sealed, head, faults }));
        });
    };
    let busy = Signal::derive(move || matches!(check.get(), Some(Check::Running { .. })));
    let result = move || check.get().map(verdict);
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

fn verdict(check: Check) -> AnyView {
    match check {
        Check::Running { part, checked, of } => {
            let (zh, en) = (part.title().zh, part.title().en);
            let label = words!("{zh}：{checked} / {of}", "{en}: {checked} of {of}");
            view! { <Progress label=t(label) /> }.into_any()
        }
        Check::Failed(problem) => view! { <ErrorState problem /> }.into_any(),
        Check::Done { sealed, head, faults } if faults.is_empty() => {
            let title = words!(
                "日志完整：{sealed} 条已封存记录都没有被改动，与每日存档和现有数据相符",
                "The log is whole: its {sealed} sealed entries are as they were, and agree with the archive and the tables"
            );
            view! {
                <Banner tone=Tone::Good title=t(title)>
                    <p class="x-mono">{head}</p>
                </Banner>
            }
            .into_any()
        }
        Check::Done { faults, .. } => {
            let n = faults.len();
            let title = if n == 1 {
                Words::fixed("发现 1 处不符", "1 thing does not agree")
            } else {
                words!("发现 {n} 处不符", "{n} things do not agree")
            };
            let list: Vec<_> = faults.iter().map(|fault| view! { <li>{t(fault.words())}</li> }).collect();
            view! {
                <Banner tone=Tone::Danger title=t(title)>
                    <ul>{list}</ul>
                    <p>
                        {t(Words::fixed(
                            "日志或数据可能被改动过。请立即停止发送、保留现场，并报告领导小组。",
                            "The log or the data may have been tampered with. Stop all sending, leave everything as it is and report it to the leading group.",
                        ))}
                    </p>
                </Banner>
            }
            .into_any()
        }
    }
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
    let (entries, more) = (RwSignal::new(page.entries), RwSignal::new(page.more));
    let order = Order::new();
    let (busy, problem) = (order.busy(), order.problem());
    let older = move |()| {
        let Some(last) = entries.with_untracked(|e| e.last().map(|e| e.entry.seq)) else { return };
        order.read(api::AUDIT.with(api::BEFORE_ENTRY, last), move |page| {
            let _ = more.try_set(page.more);
            let _ = entries.try_update(|e| e.extend(page.entries));
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
    let (seq, at, sealed) = (view.entry.seq, view.entry.at, view.sealed);
    // Sealed is the normal case.
    let seal = if sealed {
        let words = t(Words::fixed("已封存", "Sealed"));
        view! { <span class="x-small x-muted s-sealed">{words}</span> }.into_any()
    } else {
        view! { <Badge tone=Tone::Neutral label=t(Words::fixed("待封存", "Not sealed yet")) /> }.into_any()
    };
    view! {
        <tr>
            <td class="x-num x-muted">{seq}</td>
            <td class="x-num s-nowrap">{move || at.show(lang.get())}</td>
            <td>{who(&view)}</td>
            <td>{told(view.sentence())}</td>
            <td>{seal}</td>
        </tr>
    }
    .into_any()
}
