//! The dry run beside the editor: who would decide this today, and who could not.

use domain::api;
use domain::approval::procedure::{DryRun, Rehearsal, RehearsedStep, too_many};
use domain::approval::{ProcedureStep, Scope, Sender};
use domain::ids::UnitId;
use domain::school::{UnitKind, UnitView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Card, FormField, Icon, IconName, Select, SelectOption, Tone, t};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};

/// The dry run, for a unit that is chosen.
#[component]
pub fn Rehearse(sender: Sender, scope: Scope, steps: Signal<Vec<ProcedureStep>>) -> impl IntoView {
    let units = Query::new(|| api::UNITS.into());
    view! {
        <Card title=t(Words::fixed("试一试：今天谁来办", "Dry run: who would decide today"))>
            <Loaded
                query=units
                show=move |all| view! { <Stage sender scope steps all /> }.into_any()
                lines=3
                bare=true
            />
        </Card>
    }
    .into_any()
}

fn options(all: &[UnitView], fits: impl Fn(UnitKind) -> bool) -> Vec<SelectOption> {
    let units = all.iter().filter(|u| fits(u.kind));
    units.map(|u| SelectOption::new(u.id.0.to_string(), u.name.clone())).collect()
}

#[component]
fn Stage(
    sender: Sender,
    scope: Scope,
    steps: Signal<Vec<ProcedureStep>>,
    all: Vec<UnitView>,
) -> impl IntoView {
    let senders = options(&all, |kind| sender.sends_from(kind));
    if senders.is_empty() {
        return view! {
            <p class="x-muted">
                {t(Words::fixed("还没有以这种身份发送的单位。", "No unit sends as such a sender yet."))}
            </p>
        }
        .into_any();
    }
    let grades = options(&all, |kind| kind == UnitKind::Grade);
    let first = |of: &[SelectOption]| of.first().map(|o| o.value.clone()).unwrap_or_default();
    let (unit, grade) = (RwSignal::new(first(&senders)), RwSignal::new(first(&grades)));
    // Who writes for the office to one year group: which one makes the difference.
    let asks_grade = scope == Scope::Grade && sender != Sender::Teacher;
    let order = Order::new();
    let run = RwSignal::new(None::<Rehearsal>);
    let tried = StoredValue::new(None::<DryRun>);
    let id = |text: RwSignal<String>| text.with(|v| v.parse().ok()).map(UnitId);
    let wanted = Memo::new(move |_| {
        let steps = steps.get();
        if steps.is_empty() || too_many(&steps).is_some() {
            return None;
        }
        let audience = if asks_grade { id(grade) } else { None };
        Some(DryRun { sender, scope, steps, unit: id(unit)?, audience })
    });
    let busy = order.busy();
    // Runs again after each change, one at a time: the newest is tried when the answer to an earlier one is here.
    Effect::new(move |_| {
        let wanted = wanted.get();
        if busy.get() || tried.with_value(|t| *t == wanted) {
            return;
        }
        tried.set_value(wanted.clone());
        match wanted {
            Some(body) => order.send(api::DRY_RUN, &body, move |answer| {
                let _ = run.try_set(Some(answer));
            }),
            None => run.set(None),
        }
    });
    let which = (senders.len() > 1).then(|| {
        view! {
            <FormField label=t(Words::fixed("发送单位", "The unit that sends"))>
                <Select value=unit options=senders.clone() />
            </FormField>
        }
    });
    let to = asks_grade.then(|| {
        view! {
            <FormField label=t(Words::fixed("发给哪个年级", "To which year group"))>
                <Select value=grade options=grades.clone() />
            </FormField>
        }
    });
    let result = move || run.get().map(shown);
    view! {
        {which}
        {to}
        <Problems order />
        <div aria-live="polite" aria-busy=move || busy.get().then_some("true")>
            {result}
        </div>
    }
    .into_any()
}

fn shown(run: Rehearsal) -> AnyView {
    let n = run.drafters.len();
    let stuck: Vec<_> = run.drafters.iter().filter(|d| d.stuck.is_some()).collect();
    let verdict = if n == 0 {
        (Tone::Warning, Words::fixed("这个单位今天没有人可以起草", "Nobody drafts in this unit today"))
    } else if run.completes && stuck.is_empty() {
        (Tone::Good, Words::fixed("今天走得通", "It comes to an end today"))
    } else if run.completes {
        (Tone::Warning, Words::fixed("有人起草时走不通", "It gets stuck for some who draft"))
    } else {
        (
            Tone::Danger,
            Words::fixed(
                "今天走不通：按它报批会被拒绝",
                "It gets stuck today: a submission would be refused",
            ),
        )
    };
    let lines = stuck
        .into_iter()
        .take(5)
        .filter_map(|drafter| {
            let (name, why) = (&drafter.name, drafter.stuck.as_ref()?);
            let (zh, en) = (&why.zh, &why.en);
            let words = words!("{name}起草时：{zh}", "Drafted by {name}: {en}");
            Some(view! { <li>{t(words)}</li> })
        })
        .collect::<Vec<_>>();
    let lines = run.completes.then(|| view! { <ul class="x-small">{lines}</ul> });
    let steps = run.steps.into_iter().map(step).collect::<Vec<_>>();
    view! {
        <Banner tone=verdict.0 title=t(verdict.1)>{lines}</Banner>
        <ol class="m-chain s-rehearsal">{steps}</ol>
    }
    .into_any()
}

fn step(step: RehearsedStep) -> AnyView {
    let (kind, post) = (step.kind.title(), step.post.title());
    let (kz, ke, pz, pe) = (kind.zh, kind.en, post.zh, post.en);
    let heading = words!("{kz} · {pz}", "{ke} · {pe}");
    let there = !step.people.is_empty();
    let (class, icon) = if there {
        ("m-link m-link-done", IconName::Check)
    } else {
        ("m-link m-link-back", IconName::Warning)
    };
    let names = Words { zh: step.people.join("、").into(), en: step.people.join(", ").into() };
    let people = there.then(|| view! { <p class="x-small">{t(names)}</p> });
    let line = |words: Words| view! { <p class="x-small x-muted">{t(words)}</p> };
    let cannot = step.cannot.into_iter().map(line).collect::<Vec<_>>();
    let stands_in = step.stands_in.map(line);
    let remedy = step.remedy.map(|words| view! { <p class="x-small"><strong>{t(words)}</strong></p> });
    view! {
        <li class=class>
            <span class="m-link-dot">
                <Icon name=icon />
            </span>
            <div class="m-link-words">
                <p class="m-link-title">{t(heading)}</p>
                {people}
                {stands_in}
                {cannot}
                {remedy}
            </div>
        </li>
    }
    .into_any()
}
