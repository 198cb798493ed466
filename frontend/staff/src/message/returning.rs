//! Returning a message: what is wrong as a whole, and what is wrong where. On a
//! phone nobody selects text with a finger: one tap on a line marks it and opens
//! the box for its reason.

use domain::api;
use domain::approval::passage::{
    Block, PASSAGE_REASON_MAX, PASSAGES_MAX, Part, Passage, blocks, short, words_at,
};
use domain::approval::{Decide, REASON_MAX, Verdict};
use domain::message::MessageView;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, CheckOption, ConfirmDialog, FormField, Segmented, TextArea, Tone, t, tw, use_lang,
    use_toasts,
};

use super::next::next_one;
use crate::api::Order;
use crate::common::Problems;
use crate::session::use_session;

/// A line that can be marked, while the dialog is open.
#[derive(Clone)]
struct Mark {
    block: Block,
    words: String,
    /// The words of its sentences.
    sentences: Vec<String>,
    is_marked: RwSignal<bool>,
    /// Which of its sentences is meant, by number; empty for the whole line.
    which: RwSignal<String>,
    reason: RwSignal<String>,
}

impl Mark {
    /// The lines of a message.
    fn all(title: &str, body: &str) -> Vec<Self> {
        blocks(title, body)
            .into_iter()
            .map(|block| {
                let text = if block.part == Part::Title { title } else { body };
                let words = |start, len| words_at(text, start, len).unwrap_or_default().to_owned();
                Self {
                    words: words(block.start, block.len),
                    sentences: block.sentences.iter().map(|(start, len)| words(*start, *len)).collect(),
                    block,
                    is_marked: RwSignal::new(false),
                    which: RwSignal::new(String::new()),
                    reason: RwSignal::new(String::new()),
                }
            })
            .collect()
    }

    /// What is sent of it, where it is marked.
    fn passage(&self) -> Option<Passage> {
        let reason = self.reason.get_untracked();
        self.is_marked.get_untracked().then(|| place(&self.block, &self.which.get_untracked(), reason))
    }
}

/// The place that is meant: a sentence by its number, else the whole line.
fn place(block: &Block, which: &str, reason: String) -> Passage {
    let sentence = which.parse::<usize>().ok().and_then(|n| block.sentences.get(n).copied());
    let (start, len) = sentence.unwrap_or((block.start, block.len));
    Passage { part: block.part, start, len, reason }
}

/// What the person still has to write before it can be returned.
fn lacking(reason: &str, passages: &[Passage]) -> Option<Words> {
    if let Some(n) = passages.iter().position(|p| p.reason.trim().is_empty()) {
        let n = n + 1;
        return Some(words!(
            "第 {n} 处标记还没写理由：写明怎么改，或取消标记",
            "Mark no. {n} has no reason yet: say what is wrong, or take the mark away"
        ));
    }
    (passages.is_empty() && reason.trim().is_empty()).then(|| {
        Words::fixed("请写明理由，起草人才知道怎么改", "Say why, so that the drafter knows what to change")
    })
}

/// Asks why, for the whole and by passage, and returns the message.
#[component]
pub fn ReturnDialog(
    open: RwSignal<bool>,
    view: RwSignal<MessageView>,
    changed: Callback<MessageView>,
) -> impl IntoView {
    let order = Order::new();
    let (toasts, session) = (use_toasts(), use_session());
    let next = next_one(view.with_untracked(|v| v.id));
    let reason = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let marks = StoredValue::new(Vec::<Mark>::new());
    let marked = move || marks.with_value(|all| all.iter().filter_map(Mark::passage).collect::<Vec<_>>());
    Effect::new(move |_| {
        if open.get() {
            order.clear();
            tried.set(false);
        }
    });
    let lacks = RwSignal::new(None::<Words>);
    let lang = use_lang();
    let (server, of_passages) = (order.field_error("reason"), order.field_error("passages"));
    let error = Signal::derive(move || {
        let missing = lacks.get().filter(|_| tried.get()).map(|words| words.get(lang.get()).to_owned());
        missing.or_else(|| server.get()).or_else(|| of_passages.get())
    });
    let run = move |()| {
        tried.set(true);
        let (reason, passages) = (reason.get_untracked(), marked());
        lacks.set(lacking(&reason, &passages));
        if lacks.with_untracked(Option::is_some) {
            return;
        }
        let (id, digest) = view.with_untracked(|v| (v.id, v.digest.clone().unwrap_or_default()));
        let body = Decide { verdict: Verdict::Return, digest, reason, passages, password: None };
        order.send(api::DECIDE.at(id), &body, move |v| {
            let _ = open.try_set(false);
            session.update(|me| me.waiting = me.waiting.saturating_sub(1));
            toasts.show(Tone::Info, Words::fixed("已退回给起草人", "Returned to the drafter"));
            changed.run(v);
            next.run(());
        });
    };
    // Another version is another text: what was marked in the one before is no place in it.
    let text = Memo::new(move |_| view.with(|v| (v.version, v.draft.title.clone(), v.draft.body.clone())));
    let lines = move || {
        let (_, title, body) = text.get();
        let all = Mark::all(&title, &body);
        marks.set_value(all.clone());
        all.into_iter().map(|mark| view! { <Line mark /> }).collect::<Vec<_>>()
    };
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("退回修改", "Return it"))
            confirm=t(Words::fixed("退回", "Return"))
            on_confirm=run
            busy=order.busy()
            typing=true
        >
            <FormField label=t(Words::fixed("退回理由", "Reason")) error>
                <TextArea
                    value=reason
                    rows=3
                    max=REASON_MAX
                    placeholder=t(
                        Words::fixed(
                            "例如：到校时间写错了，应为 7:20",
                            "e.g. The time is wrong: it should be 7:20",
                        ),
                    )
                />
            </FormField>
            <div class="m-marks">
                <p class="x-field-label">{t(Words::fixed("要改哪里：点一段，写怎么改", "What to change: tap a line and say how"))}</p>
                <p class="x-small x-muted">
                    {t(words!(
                        "可以不标；最多标 {PASSAGES_MAX} 处",
                        "You need not mark anything; at most {PASSAGES_MAX} places"
                    ))}
                </p>
                <ul class="m-mark-list">{lines}</ul>
            </div>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

/// A line of the message: one tap marks it.
#[component]
fn Line(mark: Mark) -> impl IntoView {
    let Mark { block, words, sentences, is_marked, which, reason } = mark;
    let lang = use_lang();
    let options = Signal::derive(move || {
        let whole = CheckOption::new("", Words::fixed("整段", "The whole line").get(lang.get()));
        let one = |(n, words): (usize, &String)| CheckOption::new(n.to_string(), short(words));
        std::iter::once(whole).chain(sentences.iter().enumerate().map(one)).collect::<Vec<_>>()
    });
    let has_sentences = !block.sentences.is_empty();
    let class = if block.part == Part::Title { "m-mark-words m-mark-title" } else { "m-mark-words" };
    let label = t(Words::fixed("这一处怎么改", "What is wrong here"));
    let toggle = move |_| is_marked.update(|on| *on = !*on);
    let detail = move || {
        is_marked.get().then(|| {
            view! {
                <div class="m-mark-box">
                    {has_sentences
                        .then(|| {
                            view! {
                                <Segmented
                                    label=t(Words::fixed("哪一句", "Which sentence"))
                                    options
                                    value=which
                                />
                            }
                        })}
                    <FormField label>
                        <TextArea value=reason rows=2 max=PASSAGE_REASON_MAX />
                    </FormField>
                    <Button
                        label=t(Words::fixed("取消标记", "Take the mark away"))
                        kind=ButtonKind::Quiet
                        on_click=move |()| is_marked.set(false)
                    />
                </div>
            }
        })
    };
    view! {
        <li class="m-mark" class:m-mark-on=move || is_marked.get()>
            <button
                type="button"
                class=class
                lang="zh-CN"
                aria-pressed=move || if is_marked.get() { "true" } else { "false" }
                aria-label=tw({
                    let (part, words) = (block.part.title(), short(&words));
                    move || {
                        let (zh, en) = (&part.zh, &part.en);
                        words!("标出{zh}：{words}", "Mark in the {en}: {words}")
                    }
                })
                on:click=toggle
            >
                {words.clone()}
            </button>
            {detail}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_is_chosen_is_the_place_and_else_the_whole_line() {
        let body = "周五举行运动会。请穿运动鞋！";
        let block = blocks("", body).remove(0);
        let meant = |which: &str| {
            let passage = place(&block, which, "改".into());
            passage.words("", body).map(str::to_owned)
        };
        assert_eq!(meant("").as_deref(), Some(body));
        assert_eq!(meant("1").as_deref(), Some("请穿运动鞋！"));
        assert_eq!(meant("7").as_deref(), Some(body));
    }

    #[test]
    fn a_return_says_something_and_so_does_each_mark() {
        let passage = |reason: &str| Passage { part: Part::Body, start: 0, len: 1, reason: reason.into() };
        let lacks = |reason: &str, passages: &[Passage]| lacking(reason, passages).map(|w| w.zh.into_owned());
        assert_eq!(lacks("时间不对", &[]), None);
        assert_eq!(lacks("", &[passage("改")]), None);
        assert!(lacks(" \n", &[]).is_some_and(|w| w.starts_with("请写明理由")));
        assert!(lacks("总的理由", &[passage("改"), passage(" ")]).is_some_and(|w| w.starts_with("第 2 处")));
    }
}
