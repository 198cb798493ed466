//! A message in sentences: to whom it goes, who did what, when it is sent.

use domain::approval::{StepKind, Verdict};
use domain::message::{Category, Command, MessageState, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Tone, t, tw};

use super::common::StateBadge;
use super::preview::{reach_words, unreachable_words};

/// Where it stands, what of it is asked of the reader, and whether it is a draft that was thrown away.
fn stands(view: &MessageView) -> (MessageState, Option<StepKind>, bool) {
    let waits = view.chain.steps.iter().find(|s| s.waits).map(|s| s.step.kind);
    let asked = waits.filter(|_| view.may.contains(&Command::Decide));
    let thrown_away = view.state == MessageState::Withdrawn && view.times.submitted_at.is_none();
    (view.state, asked, thrown_away)
}

/// Where it stands, and in sentences to whom it goes, who did what, and when it is sent.
#[component]
pub fn Summary(view: RwSignal<MessageView>) -> impl IntoView {
    let state = Memo::new(move |_| view.with(stands));
    let about = tw(move || {
        view.with(|v| {
            let n = v.version;
            let category = v.draft.category.map_or(Words::fixed("未选类别", "No category"), Category::title);
            let (zh, en) = (category.zh, category.en);
            words!("第 {n} 稿 · {zh}", "Version {n} · {en}")
        })
    });
    let to = tw(move || view.with(addressed));
    let story = tw(move || view.with(story));
    let unreachable = move || view.with(|v| v.reach.unreachable);
    view! {
        <div class="x-row">
            {move || {
                let (state, asked, thrown_away) = state.get();
                view! { <StateBadge state asked thrown_away /> }
            }}
            <span class="x-small x-muted">{about}</span>
        </div>
        <div class="m-lead">
            <p class="m-lead-to x-num">{to}</p>
            <p class="x-num">{story}</p>
        </div>
        {move || {
            let n = unreachable();
            (n > 0).then(|| view! { <Banner tone=Tone::Warning title=t(view.with_untracked(|v| unreachable_words(&v.draft.audience, n))) /> })
        }}
    }
    .into_any()
}

/// To whom and how many.
fn addressed(view: &MessageView) -> Words {
    if view.draft.audience.is_empty() {
        return Words::fixed("还没有选择发给谁", "Not addressed to anybody yet");
    }
    let (to, reach) = (&view.audience, reach_words(&view.draft.audience, &view.reach));
    let (tz, te, rz, re) = (&to.zh, &to.en, reach.zh, reach.en);
    words!("发给{tz}：{rz}", "{te}: {re}")
}

/// Who drafted it, who decided, when it is or was sent: as a colleague would tell it.
fn story(view: &MessageView) -> Words {
    let (name, post) = (&view.author_name, &view.sender_title);
    let mut told = vec![match view.times.submitted_at {
        _ if post.is_empty() => words!("{name}起草。", "Drafted by {name}."),
        None => words!("{name}（{post}）起草。", "Drafted by {name} ({post})."),
        Some(at) => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            words!("{name}（{post}）起草，{zh} 报批。", "Drafted by {name} ({post}), submitted on {en}.")
        }
    }];
    for d in view.history.iter().filter(|d| d.version == view.version && d.verdict == Verdict::Approve) {
        let (name, at) = (&d.name, d.at.words());
        let (zh, en) = (at.zh, at.en);
        told.push(if d.kind == StepKind::Review {
            words!("{name} {zh} 审核通过。", "Reviewed by {name} on {en}.")
        } else {
            words!("{name} {zh} 审批同意。", "Approved by {name} on {en}.")
        });
    }
    let is_over = matches!(view.state, MessageState::Withdrawn | MessageState::Cancelled);
    match (view.times.released_at, view.draft.send_at) {
        (Some(at), _) => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            told.push(words!("{zh} 开始发送。", "Sending began on {en}."));
        }
        (None, Some(at)) if !is_over => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            told.push(words!("定于 {zh} 发送。", "To be sent on {en}."));
        }
        (None, None) if view.times.approved_at.is_none() && !is_over => {
            told.push(Words::fixed("审批通过后立即发送。", "It goes out as soon as it is approved."));
        }
        (None, _) => {}
    }
    let all =
        |pick: fn(&Words) -> &str, gap: &str| told.iter().map(pick).collect::<Vec<_>>().join(gap).into();
    Words { zh: all(|w| &w.zh, ""), en: all(|w| &w.en, " ") }
}

#[cfg(test)]
mod tests {
    use domain::access::Post;
    use domain::approval::{ChainView, DecisionView, OWN_PROCEDURE};
    use domain::ids::{ClassId, MessageId, StaffId};
    use domain::message::{Audience, Audiences, Draft, Times};
    use domain::sms::Length;
    use domain::time::Instant;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_local(text).expect("a time")
    }

    fn message() -> MessageView {
        MessageView {
            id: MessageId(1),
            version: 2,
            state: MessageState::Sending,
            draft: Draft {
                audience: Audience::Classes { classes: vec![ClassId(1)] },
                appointment: None,
                category: Some(Category::Event),
                title: "秋季运动会".into(),
                body: "请准备运动鞋。".into(),
                send_at: None,
                reasons: Default::default(),
                application: None,
            },
            audience: Words::fixed("七年级1班家长", "Parents of 七年级1班"),
            author: StaffId(18),
            author_name: "潘然书".into(),
            sender_title: "七年级1班班主任".into(),
            digest: None,
            sms: String::new(),
            length: Length { units: 0, parts: 1 },
            reach: Audiences { children: 49, people: 78, phones: 74, unreachable: 0 },
            findings: Vec::new(),
            chain: ChainView { label: OWN_PROCEDURE, steps: Vec::new() },
            history: [(1, Verdict::Return), (2, Verdict::Approve)]
                .map(|(version, verdict)| DecisionView {
                    version,
                    position: 1,
                    kind: StepKind::Approve,
                    name: "陶明远".into(),
                    post: Post::GradeHead,
                    verdict,
                    reason: String::new(),
                    passages: Vec::new(),
                    at: at("2026-11-24T18:10"),
                })
                .to_vec(),
            before: None,
            joined: Vec::new(),
            left: Vec::new(),
            moved: Default::default(),
            changed: Vec::new(),
            held: None,
            halted: None,
            hold: None,
            set_apart: Vec::new(),
            corrects: None,
            corrected_by: None,
            asked: None,
            reminded_at: None,
            papers: Default::default(),
            own_class_only: false,
            may: Vec::new(),
            times: Times {
                created_at: at("2026-11-24T17:00"),
                changed_at: at("2026-11-24T18:10"),
                submitted_at: Some(at("2026-11-24T17:30")),
                approved_at: Some(at("2026-11-24T18:10")),
                released_at: Some(at("2026-11-24T18:10")),
            },
            funnel: None,
        }
    }

    #[test]
    fn a_message_is_told_in_sentences() {
        let mut view = message();
        assert_eq!(addressed(&view).zh, "发给七年级1班家长：49 名学生 · 78 位家长 · 74 部手机");
        let told = story(&view);
        assert_eq!(
            told.zh,
            "潘然书（七年级1班班主任）起草，11月24日 17:30 报批。陶明远 11月24日 18:10 审批同意。11月24日 18:10 开始发送。"
        );
        assert_eq!(
            told.en,
            "Drafted by 潘然书 (七年级1班班主任), submitted on 24 Nov, 17:30. Approved by 陶明远 on 24 Nov, 18:10. Sending began on 24 Nov, 18:10."
        );
        (view.state, view.history) = (MessageState::Draft, Vec::new());
        view.times = Times { submitted_at: None, approved_at: None, released_at: None, ..view.times };
        assert_eq!(story(&view).zh, "潘然书（七年级1班班主任）起草。审批通过后立即发送。");
        view.draft.audience = Audience::Classes { classes: Vec::new() };
        assert_eq!(addressed(&view).zh, "还没有选择发给谁");
        view.state = MessageState::Withdrawn;
        assert_eq!(story(&view).zh, "潘然书（七年级1班班主任）起草。");
    }

    #[test]
    fn what_waits_for_the_reader_says_so() {
        let mut view = message();
        assert_eq!(stands(&view), (MessageState::Sending, None, false));
        view.state = MessageState::Withdrawn;
        view.times.submitted_at = None;
        assert_eq!(stands(&view), (MessageState::Withdrawn, None, true));
    }
}
