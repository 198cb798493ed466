//! The editor: steps are added, moved and taken away; the sentence follows,
//! and beside it stands who would decide today.

use domain::access::Post;
use domain::api;
use domain::approval::procedure::{
    DECISIONS_MAX, HOURS_MAX, Procedures, ProposeProcedure, STEPS_MAX, Standing, check_steps, places,
    sentence,
};
use domain::approval::{Held, Need, ProcedureStep, Scope, Sender, StepKind};
use domain::time::Instant;
use domain::words;
use domain::words::{Lang, Words};
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Card, CheckOption, CheckboxList, FormField, Page, Select, SelectOption, TextInput, t,
    tw, use_lang, use_toasts,
};

use super::list::heading;
use super::rehearsal::Rehearse;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::{Route, use_router};
use crate::session::use_me;

/// `/procedures?edit=…`.
#[component]
pub fn EditorPage(sender: Sender, scope: Scope) -> impl IntoView {
    let known = Query::new(|| api::PROCEDURES.into());
    view! {
        <Page title=t(heading(sender, scope)) back=Route::Procedures.path()>
            <Loaded
                query=known
                show=move |all: Procedures| {
                    let of_these = |standing: Standing| {
                        all.all
                            .iter()
                            .find(|p| p.sender == sender && p.scope == scope && p.standing == standing)
                    };
                    // What is to come is what a further change begins with.
                    let begins = of_these(Standing::Coming).or_else(|| of_these(Standing::InForce));
                    let steps = begins.map(|p| p.steps.clone()).unwrap_or_default();
                    view! { <Editor sender scope steps /> }.into_any()
                }
            />
        </Page>
    }
    .into_any()
}

/// A step in the making: what its fields hold.
#[derive(Clone, Copy)]
struct Row {
    id: u32,
    kind: RwSignal<String>,
    post: RwSignal<String>,
    at: RwSignal<String>,
    substitute: RwSignal<String>,
    hours: RwSignal<String>,
    /// Needs, by key, and `holds` of a registration.
    asks: RwSignal<Vec<String>>,
}

/// The key in [`Row::asks`] of a registration that holds sending.
const HOLDS: &str = "holds";

impl Row {
    fn of(id: u32, step: &ProcedureStep) -> Self {
        let needs = step.needs.iter().map(|n| n.key().to_owned());
        let holds = (step.kind == StepKind::Register && step.holds).then(|| HOLDS.to_owned());
        Self {
            id,
            kind: RwSignal::new(step.kind.key().to_owned()),
            post: RwSignal::new(step.post.key().to_owned()),
            at: RwSignal::new(step.at.key().to_owned()),
            substitute: RwSignal::new(step.substitute.map(|p| p.key().to_owned()).unwrap_or_default()),
            hours: RwSignal::new(step.within_hours.map(|h| h.to_string()).unwrap_or_default()),
            asks: RwSignal::new(needs.chain(holds).collect()),
        }
    }

    fn kind(self) -> StepKind {
        self.kind.with(|k| StepKind::from_key(k)).unwrap_or(StepKind::Approve)
    }

    fn post(self) -> Option<Post> {
        self.post.with(|p| Post::from_key(p))
    }

    /// As it would be stored; none before a post is chosen.
    fn step(self, sender: Sender, scope: Scope) -> Option<ProcedureStep> {
        let (kind, post) = (self.kind(), self.post()?);
        let place = |post: Post, chosen: Option<Held>| {
            let all = places(post, sender, scope);
            chosen.filter(|c| all.contains(c)).or(all.first().copied()).unwrap_or_default()
        };
        let substitute = self.substitute.with(|p| Post::from_key(p)).filter(|p| kind.decides() && *p != post);
        let asks = self.asks.get();
        let asked = |key: &str| asks.iter().any(|a| a == key);
        Some(ProcedureStep {
            kind,
            post,
            at: place(post, self.at.with(|a| Held::from_key(a))),
            substitute,
            substitute_at: substitute.map(|p| place(p, None)).unwrap_or_default(),
            holds: kind.decides() || kind == StepKind::Register && asked(HOLDS),
            needs: if kind.decides() {
                Vec::new()
            } else {
                Need::ALL.into_iter().filter(|n| asked(n.key())).collect()
            },
            within_hours: self.hours.with(|h| h.trim().parse().ok()).filter(|_| kind.decides()),
        })
    }
}

/// Posts that can take a step here.
fn posts(sender: Sender, scope: Scope, lang: Lang) -> Vec<SelectOption> {
    let fit = Post::ALL.into_iter().filter(|post| !places(*post, sender, scope).is_empty());
    fit.map(|post| SelectOption::new(post.key(), post.title().get(lang))).collect()
}

#[component]
fn Editor(sender: Sender, scope: Scope, steps: Vec<ProcedureStep>) -> impl IntoView {
    let (me, toasts, router) = (use_me(), use_toasts(), use_router());
    let today = me.with_untracked(|m| m.now.date());
    let rows = RwSignal::new((0..).zip(&steps).map(|(id, step)| Row::of(id, step)).collect::<Vec<_>>());
    let next = StoredValue::new(steps.len() as u32);
    let from = RwSignal::new(today.clone());
    let order = Order::new();
    let drawn = Memo::new(move |_| {
        let rows = rows.get();
        rows.into_iter().filter_map(|row| row.step(sender, scope)).collect::<Vec<_>>()
    });
    let add = move |kind: StepKind| {
        let id = next.get_value();
        next.set_value(id + 1);
        rows.update(|rows| {
            let row = Row {
                id,
                kind: RwSignal::new(kind.key().to_owned()),
                post: RwSignal::new(String::new()),
                at: RwSignal::new(String::new()),
                substitute: RwSignal::new(String::new()),
                hours: RwSignal::new(String::new()),
                asks: RwSignal::new(vec![HOLDS.to_owned()]),
            };
            // Decisions stand before the entries that follow them.
            let place =
                rows.iter().position(|r| kind.decides() && !r.kind.with_untracked(|key| decides(key)));
            rows.insert(place.unwrap_or(rows.len()), row);
        });
    };
    let reads = tw(move || drawn.with(|steps| sentence(sender, scope, None, steps)));
    let wrong = move || {
        let refusals = drawn.with(|steps| check_steps(sender, scope, steps));
        let lines = refusals.into_iter().map(|r| view! { <li>{t(r.words)}</li> }).collect::<Vec<_>>();
        (!lines.is_empty()).then(|| view! { <ul class="x-small s-wrong">{lines}</ul> })
    };
    let unfinished = move || rows.with(|rows| rows.iter().any(|row| row.post().is_none()));
    let is_wrong = Signal::derive(move || {
        unfinished() || drawn.with(|steps| !check_steps(sender, scope, steps).is_empty())
    });
    let full = Signal::derive(move || rows.with(|rows| rows.len() >= STEPS_MAX));
    let decided = Signal::derive(move || {
        full.get() || rows.with(|rows| rows.iter().filter(|r| r.kind().decides()).count() >= DECISIONS_MAX)
    });
    let submit = move |()| {
        let day = format!("{}T00:00", from.get_untracked());
        let Some(in_force_from) = Instant::from_local(&day) else { return };
        let body = ProposeProcedure { sender, scope, steps: drawn.get_untracked(), in_force_from };
        order.send(api::PROPOSE_PROCEDURE, &body, move |_: Procedures| {
            toasts.done(Words::fixed(
                "已提出，待另一人确认后起用",
                "Proposed: it counts once somebody else has confirmed it",
            ));
            router.go(&Route::Procedures.path());
        });
    };
    // What the fields hold is in signals: they are drawn again only when a step comes, goes or moves.
    let fields = move || {
        let drawn = rows.get().into_iter().enumerate();
        drawn.map(|(at, row)| step_fields(at, row, rows, sender, scope)).collect::<Vec<_>>()
    };
    view! {
        <div class="x-columns x-columns-even">
            <div class="x-stack">
                <Card title=t(Words::fixed("步骤", "Steps"))>
                    <ol class="s-procedure-steps">
                        {fields}
                    </ol>
                    <div class="x-row">
                        <Button
                            label=t(Words::fixed("加审核", "Add a review"))
                            disabled=decided
                            on_click=move |()| add(StepKind::Review)
                        />
                        <Button
                            label=t(Words::fixed("加审批", "Add an approval"))
                            disabled=decided
                            on_click=move |()| add(StepKind::Approve)
                        />
                        <Button
                            label=t(Words::fixed("加备案", "Add a filing"))
                            disabled=full
                            on_click=move |()| add(StepKind::File)
                        />
                        <Button
                            label=t(Words::fixed("加登记", "Add a registration"))
                            disabled=full
                            on_click=move |()| add(StepKind::Register)
                        />
                    </div>
                </Card>
            </div>
            <div class="x-stack">
                <Card title=t(Words::fixed("读出来是这样", "How it reads"))>
                    <p class="x-prose" aria-live="polite">
                        {reads}
                    </p>
                    {wrong}
                    <FormField
                        label=t(Words::fixed("起用日期", "From which day"))
                        error=order.field_error("in_force_from")
                        required=true
                    >
                        <TextInput value=from kind="date" min=today />
                    </FormField>
                    <Problems order />
                    <Button
                        label=t(Words::fixed("提出修改", "Propose the change"))
                        kind=ButtonKind::Primary
                        busy=order.busy()
                        disabled=is_wrong
                        on_click=submit
                    />
                    <p class="x-small x-muted">
                        {t(Words::fixed(
                            "提出后须由另一位有权设定流程的人确认，才从起用之日起有效。",
                            "Somebody else who sets procedures has to confirm it before it counts.",
                        ))}
                    </p>
                </Card>
                <Rehearse sender scope steps=drawn.into() />
            </div>
        </div>
    }
    .into_any()
}

/// Whether the kind with this key is decided.
fn decides(key: &str) -> bool {
    StepKind::from_key(key).is_some_and(StepKind::decides)
}

fn step_fields(at: usize, row: Row, rows: RwSignal<Vec<Row>>, sender: Sender, scope: Scope) -> AnyView {
    let lang = use_lang();
    let n = at + 1;
    let title = tw(move || {
        let kind = row.kind().title();
        let (zh, en) = (kind.zh, kind.en);
        words!("第 {n} 步 · {zh}", "Step {n} · {en}")
    });
    let is_last = Signal::derive(move || rows.with(|rows| n >= rows.len()));
    let swap = move |a: usize, b: usize| {
        rows.update(|rows| {
            if a < rows.len() && b < rows.len() {
                rows.swap(a, b);
            }
        });
    };
    let remove = move |()| rows.update(|rows| rows.retain(|r| r.id != row.id));
    let options = Signal::derive(move || posts(sender, scope, lang.get()));
    let held = Signal::derive(move || {
        let all = row.post().map(|post| places(post, sender, scope)).unwrap_or_default();
        all.iter().map(|h| SelectOption::new(h.key(), h.title().get(lang.get()))).collect::<Vec<_>>()
    });
    let several = Memo::new(move |_| held.with(|h| h.len() > 1));
    let place = move || {
        several.get().then(|| {
            view! {
                <FormField label=t(Words::fixed("在哪个单位任职", "Held where"))>
                    <Select value=row.at options=held />
                </FormField>
            }
        })
    };
    let is_decided = Memo::new(move |_| row.kind().decides());
    let is_register = Memo::new(move |_| row.kind() == StepKind::Register);
    let more = move || {
        if is_decided.get() {
            view! {
                <FormField
                    label=t(Words::fixed("代行人", "Substitute"))
                    hint=t(Words::fixed(
                        "岗位空缺、本人起草或请假时由代行人办理",
                        "Stands in while the post is vacant, or its holder drafted it or is away",
                    ))
                >
                    <Select
                        value=row.substitute
                        options
                        prompt=t(Words::fixed("没有代行人", "No substitute"))
                    />
                </FormField>
                <FormField
                    label=t(Words::fixed("办理期限（小时）", "Time for it (hours)"))
                    hint=t(words!(
                        "可不填，最长 {HOURS_MAX}；超过后提醒下一位，不会自动批准",
                        "Optional, at most {HOURS_MAX}. After that the next in line is told; nothing is approved by itself"
                    ))
                >
                    <TextInput value=row.hours kind="number" min="1" max=HOURS_MAX.to_string() />
                </FormField>
            }
            .into_any()
        } else {
            let options = Signal::derive(move || {
                let lang = lang.get();
                let holds = Words::fixed("登记完成前不发送", "Nothing is sent before it is registered");
                let holds = is_register.get().then(|| CheckOption::new(HOLDS, holds.get(lang)));
                let needs = Need::ALL.into_iter().map(|n| CheckOption::new(n.key(), n.title().get(lang)));
                holds.into_iter().chain(needs).collect::<Vec<_>>()
            });
            view! {
                <CheckboxList
                    legend=t(Words::fixed("须交什么", "What it asks for"))
                    options
                    chosen=row.asks
                />
            }
            .into_any()
        }
    };
    view! {
        <li class="s-step">
            <div class="s-step-head">
                <h3>{title}</h3>
                <div class="x-row">
                    <Button
                        label=t(Words::fixed("上移", "Up"))
                        kind=ButtonKind::Quiet
                        disabled=at == 0
                        on_click=move |()| swap(at, at.saturating_sub(1))
                    />
                    <Button
                        label=t(Words::fixed("下移", "Down"))
                        kind=ButtonKind::Quiet
                        disabled=is_last
                        on_click=move |()| swap(at, at + 1)
                    />
                    <Button
                        label=t(Words::fixed("删除", "Remove"))
                        kind=ButtonKind::Quiet
                        on_click=remove
                    />
                </div>
            </div>
            <FormField label=t(Words::fixed("由哪个岗位办理", "By which post")) required=true>
                <Select
                    value=row.post
                    options
                    prompt=t(Words::fixed("请选择岗位", "Choose a post"))
                />
            </FormField>
            {place}
            {more}
        </li>
    }
    .into_any()
}
