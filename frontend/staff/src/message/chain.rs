//! The chain of a message: who decides, who has decided, when and why.

use domain::approval::{ChainView, DecisionView, StepKind, StepView, Verdict};
use domain::filing::Papers;
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Icon, IconName, Tone, t};

use super::common::join;
use super::passages::PassageReasons;
use crate::session::use_session;

/// The steps in order, each with its people or its decision.
#[component]
pub fn ChainSteps(
    /// The chain.
    chain: ChainView,
    /// What was registered and filed of it.
    #[prop(optional)]
    papers: Papers,
) -> impl IntoView {
    let steps: Vec<_> = chain.steps.iter().map(|view| step(view, entered(view.step.kind, &papers))).collect();
    view! { <ol class="m-chain">{steps}</ol> }.into_any()
}

/// How far a step has got that asks for an entry, and nobody's decision.
struct Entered {
    done: bool,
    words: Words,
}

/// What the papers say of a step.
fn entered(kind: StepKind, papers: &Papers) -> Option<Entered> {
    match kind {
        StepKind::Register => papers.registration.as_ref().map(|entry| {
            let (number, by, at) = (&entry.number, &entry.by, entry.at.words());
            let (zh, en) = (at.zh, at.en);
            Entered {
                done: true,
                words: words!("{number} · {by} {zh} 登记", "{number} · entered by {by}, {en}"),
            }
        }),
        StepKind::File => papers.filing.as_ref().map(|filing| {
            let number = filing.number();
            match (&filing.received_by, filing.received_at) {
                (Some(by), Some(at)) => {
                    let (zh, en) = (at.words().zh, at.words().en);
                    let words = words!("{number} · {by} {zh} 登记", "{number} · registered by {by}, {en}");
                    Entered { done: true, words }
                }
                _ => {
                    let (zh, en) = (filing.due.words().zh, filing.due.words().en);
                    let words = words!("{number} · 待登记，{zh} 前", "{number} · to be registered by {en}");
                    Entered { done: false, words }
                }
            }
        }),
        _ => None,
    }
}

fn step(view: &StepView, entered: Option<Entered>) -> AnyView {
    let (kind, post) = (view.step.kind.title(), view.step.post.title());
    let (kz, ke, pz, pe) = (&kind.zh, &kind.en, &post.zh, &post.en);
    let heading = words!("{kz} · {pz}", "{ke} · {pe}");
    let (class, icon) = match &view.decision {
        Some(d) if d.verdict == Verdict::Approve => ("m-link m-link-done", IconName::Check),
        Some(_) => ("m-link m-link-back", IconName::Back),
        None if entered.as_ref().is_some_and(|e| e.done) => ("m-link m-link-done", IconName::Check),
        None if entered.is_some() => ("m-link m-link-waits", IconName::Clock),
        None if view.waits => ("m-link m-link-waits", IconName::Clock),
        None => ("m-link", IconName::More),
    };
    let substitute = view.step.substitute.filter(|_| view.decision.is_none() && entered.is_none());
    let what = match (&view.decision, entered) {
        (Some(decision), _) => said(decision),
        (None, Some(entered)) => view! { <p class="x-small x-muted">{t(entered.words)}</p> }.into_any(),
        (None, None) => {
            let names = join(&view.people.iter().map(|p| Words::name(p.clone())).collect::<Vec<_>>());
            let (zh, en) = (names.zh, names.en);
            let words = match (view.people.is_empty(), view.waits) {
                (true, _) => Words::fixed("暂无可办理的人", "Nobody can take this step now"),
                (false, true) => words!("等待：{zh}", "Waits for {en}"),
                (false, false) => words!("由 {zh} 办理", "By {en}"),
            };
            let now = use_session().now();
            let times = view
                .since
                .map(|since| view! { <p class="x-small x-muted">{t(waits(since, view.until))}</p> });
            let late = is_late(view, now).then(|| {
                view! {
                    <p class="x-small">
                        <Badge tone=Tone::Warning label=t(Words::fixed("已过期限", "Late")) />
                    </p>
                }
            });
            view! {
                <p class="x-small x-muted">{t(words)}</p>
                {times}
                {late}
            }
            .into_any()
        }
    };
    let substitute = substitute.map(|post| {
        let post = post.title();
        let (zh, en) = (post.zh, post.en);
        let words = view.stands_in.clone().unwrap_or_else(|| {
            words!(
                "空缺、本人起草或请假时由{zh}代为办理",
                "{en} stands in while the post is vacant, or its holder drafted it or is away"
            )
        });
        view! { <p class="x-small x-muted">{t(words)}</p> }
    });
    view! {
        <li class=class>
            <span class="m-link-dot"><Icon name=icon /></span>
            <div class="m-link-words">
                <p class="m-link-title">{t(heading)}</p>
                {what}
                {substitute}
            </div>
        </li>
    }
    .into_any()
}

/// Whether a step that waits is past its time. Nothing is decided by the clock: it says whom to ask.
fn is_late(view: &StepView, now: Instant) -> bool {
    view.waits && view.until.is_some_and(|until| until <= now)
}

/// Since when a step waits, and until when it should be done.
fn waits(since: Instant, until: Option<Instant>) -> Words {
    let since = since.words();
    let (sz, se) = (since.zh, since.en);
    match until.map(Instant::words) {
        Some(until) => {
            let (uz, ue) = (until.zh, until.en);
            words!("{sz} 起，期限 {uz}", "Since {se}, due {ue}")
        }
        None => words!("{sz} 起", "Since {se}"),
    }
}

/// A decision: who, by which post, when, why.
pub fn said(decision: &DecisionView) -> AnyView {
    let (tone, verdict) = match decision.verdict {
        Verdict::Approve => (Tone::Good, Words::fixed("同意", "Approved")),
        Verdict::Return => (Tone::Warning, Words::fixed("退回", "Returned")),
    };
    let (name, post, at) = (&decision.name, decision.post.title(), decision.at.words());
    let (pz, pe) = (post.zh, post.en);
    let who = words!("{name}（{pz}）", "{name} ({pe})");
    let reason = (!decision.reason.trim().is_empty())
        .then(|| view! { <p class="m-reason x-prose">{decision.reason.clone()}</p> });
    let passages = decision.passages.clone();
    view! {
        <p class="x-small">
            <Badge tone label=t(verdict) />
            " "
            {t(who)}
            " "
            <span class="m-when x-muted">{t(at)}</span>
        </p>
        {reason}
        <PassageReasons passages />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::access::Post;
    use domain::approval::{ProcedureStep, Step, StepKind};

    use super::*;

    #[test]
    fn a_step_is_late_while_it_waits_past_its_time() {
        let step = ProcedureStep::new(StepKind::Approve, Post::Principal);
        let step = Step {
            position: 0,
            kind: step.kind,
            post: step.post,
            unit: None,
            substitute: None,
            substitute_unit: None,
            holds: true,
            needs: Vec::new(),
        };
        let view = |waits, until: Option<i64>| StepView {
            step: step.clone(),
            people: Vec::new(),
            stands_in: None,
            decision: None,
            waits,
            since: Some(Instant(1)),
            until: until.map(Instant),
        };
        let late = |waits, until| is_late(&view(waits, until), Instant(10));
        assert_eq!((late(true, Some(10)), late(true, Some(11)), late(true, None)), (true, false, false));
        assert!(!late(false, Some(9)), "what is decided is not late any more");
    }
}
