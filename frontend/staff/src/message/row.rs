//! One message as a line of a list, on the start page and in the boxes: who,
//! what, to whom; at the right a short time over the state. What is the normal
//! case carries no chip.

use domain::delivery::Funnel;
use domain::message::{MessageState, MessageSummary};
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Icon, IconName, Tone, t, tw};

use super::common::title_or_none;
use super::funnel::MiniBar;
use crate::route::Route;
use crate::session::use_session;

/// How many soft colours a round picture can have; the style names them.
const FACES: u32 = 6;

/// One message in a list.
#[component]
pub fn MessageRow(
    /// The message.
    message: MessageSummary,
    /// Whether all of the list are by the reader: then nobody is named.
    #[prop(optional)]
    own: bool,
    /// Whether the list is of what the reader has to do.
    #[prop(optional)]
    to_do: bool,
) -> impl IntoView {
    let session = use_session();
    let chip = chip(&message, own || to_do, to_do);
    let pressing = pressing(&message, session.now()).map(|words| {
        view! {
            <span class="x-item-note m-planned">
                <Icon name=IconName::Clock />
                {t(words)}
            </span>
        }
    });
    let MessageSummary { id, title, audience, author, changed_at, send_at, funnel, .. } = message;
    let face = (!own).then(|| {
        let (surname, colour) = face(&author);
        view! { <span class=format!("m-face m-face-{colour}") aria-hidden="true">{surname}</span> }
    });
    let note = if own {
        audience
    } else {
        let (zh, en) = (audience.zh, audience.en);
        words!("{author} · {zh}", "{author} · {en}")
    };
    let planned = send_at.filter(|_| funnel.is_none()).map(|at| {
        let words = tw(move || {
            let at = at.short(session.now());
            let (zh, en) = (at.zh, at.en);
            words!("定时 {zh}", "Planned for {en}")
        });
        view! {
            <span class="x-item-note m-planned">
                <Icon name=IconName::Clock />
                {words}
            </span>
        }
    });
    let progress = funnel.map(|funnel| {
        view! {
            <span class="m-row-funnel">
                <MiniBar funnel />
                <span class="x-item-note x-num">{t(funnel_line(&funnel))}</span>
            </span>
        }
    });
    view! {
        <li>
            <a class="x-item x-item-link m-row" href=Route::Message(id).path()>
                {face}
                <span class="x-item-words">
                    <span class="x-item-title">{t(title_or_none(&title))}</span>
                    <span class="x-item-note">{t(note)}</span>
                    {planned}
                    {pressing}
                    {progress}
                </span>
                <span class="m-row-end">
                    <span class="m-row-time x-num">{tw(move || changed_at.short(session.now()))}</span>
                    {chip.map(|(tone, words)| view! { <Badge tone label=t(words) /> })}
                </span>
            </a>
        </li>
    }
    .into_any()
}

/// The state as a chip: none for what is sent, which is the normal end.
fn chip(message: &MessageSummary, is_mine: bool, to_do: bool) -> Option<(Tone, Words)> {
    let correct = || Some((Tone::Warning, Words::fixed("待您修改", "For you to correct")));
    match (message.asked, message.state) {
        (Some(kind), _) => Some((Tone::Warning, kind.asked())),
        (None, MessageState::Sent) => None,
        (None, MessageState::Returned) if is_mine => correct(),
        // Begun to be corrected, and not submitted again.
        (None, MessageState::Draft) if to_do => correct(),
        (None, state) => Some((crate::common::state_tone(state), state.title())),
    }
}

/// That it was due, or that the drafter has reminded: only while it waits for a decision.
fn pressing(message: &MessageSummary, now: Instant) -> Option<Words> {
    message.since?;
    let late = message.until.filter(|until| *until <= now).map(|until| {
        let until = until.short(now);
        let (zh, en) = (until.zh, until.en);
        words!("已过期限（{zh}）", "Was due {en}")
    });
    let reminded = message.reminded_at.map(|at| {
        let at = at.short(now);
        let (zh, en) = (at.zh, at.en);
        words!("起草人催办 {zh}", "The drafter reminded, {en}")
    });
    match (late, reminded) {
        (Some(late), Some(reminded)) => {
            let (lz, le, rz, re) = (late.zh, late.en, reminded.zh, reminded.en);
            Some(words!("{lz} · {rz}", "{le} · {re}"))
        }
        (one, other) => one.or(other),
    }
}

/// The surname, and a colour that stays the same for a person.
fn face(name: &str) -> (String, u32) {
    let sum = name.chars().fold(0_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(c as u32));
    (name.chars().next().map(String::from).unwrap_or_default(), sum % FACES)
}

fn funnel_line(funnel: &Funnel) -> Words {
    let Funnel { phones, confirmed, failed, .. } = *funnel;
    if failed > 0 {
        words!(
            "{confirmed}/{phones} 已确认 · {failed}\u{a0}部没有送达",
            "{confirmed} of {phones} confirmed · {failed} not delivered"
        )
    } else {
        words!("{confirmed}/{phones} 已确认", "{confirmed} of {phones} confirmed")
    }
}

#[cfg(test)]
mod tests {
    use domain::approval::StepKind;
    use domain::ids::MessageId;

    use super::*;

    fn message(state: MessageState, asked: Option<StepKind>) -> MessageSummary {
        MessageSummary {
            id: MessageId(1),
            title: "秋季运动会".into(),
            audience: Words::name("七年级1班家长"),
            state,
            asked,
            author: "潘然书".into(),
            since: None,
            until: None,
            reminded_at: None,
            changed_at: Instant(0),
            send_at: None,
            funnel: None,
        }
    }

    #[test]
    fn what_is_late_or_was_reminded_says_so_while_it_waits() {
        let now = Instant::from_local("2026-09-02T08:00").expect("a time");
        let hour = 3_600_000;
        let line = |since: Option<i64>, until: Option<i64>, reminded: Option<i64>| {
            let at = |hours: i64| now.plus(hours * hour);
            let message = MessageSummary {
                since: since.map(at),
                until: until.map(at),
                reminded_at: reminded.map(at),
                ..message(MessageState::Submitted, None)
            };
            pressing(&message, now).map(|words| words.zh.into_owned())
        };
        assert_eq!(line(Some(-3), Some(1), None), None);
        assert_eq!(line(Some(-3), Some(-1), None).as_deref(), Some("已过期限（今天 07:00）"));
        assert_eq!(
            line(Some(-3), Some(-1), Some(-2)).as_deref(),
            Some("已过期限（今天 07:00） · 起草人催办 今天 06:00")
        );
        assert_eq!(line(None, Some(-1), Some(-2)), None, "what is decided is not pressing");
    }

    #[test]
    fn what_waits_says_for_whom_and_what_is_sent_says_nothing() {
        let zh = |state, asked, is_mine, to_do| {
            chip(&message(state, asked), is_mine, to_do).map(|(_, words)| words.zh.into_owned())
        };
        let (submitted, draft) = (MessageState::Submitted, MessageState::Draft);
        for (state, asked, is_mine, to_do, words) in [
            (submitted, Some(StepKind::Approve), true, true, Some("待您审批")),
            (submitted, Some(StepKind::Review), false, false, Some("待您审核")),
            (submitted, None, false, false, Some("报批中")),
            (MessageState::Returned, None, true, false, Some("待您修改")),
            (MessageState::Returned, None, false, false, Some("已退回")),
            (draft, None, true, true, Some("待您修改")),
            (draft, None, true, false, Some("草稿")),
            (MessageState::Sent, None, true, false, None),
        ] {
            assert_eq!(zh(state, asked, is_mine, to_do).as_deref(), words, "{state:?}");
        }
    }
}
