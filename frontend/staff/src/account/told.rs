//! What a person is told about the own posts: those that somebody ended, and
//! those that begin on a later day.

use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Tone, t, use_lang};

use super::giving::begins;
use super::posts::post_words;
use crate::session::use_me;

/// Nothing where there is none.
#[component]
pub fn PostNotices() -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let ended = Memo::new(move |_| me.with(|m| m.ended.clone()));
    let coming = Memo::new(move |_| me.with(|m| m.coming.clone()));
    let ended = move || {
        let rows = ended.get().into_iter().map(|ended| {
            let (by, at) = (ended.by, ended.at.words());
            let (az, ae) = (at.zh, at.en);
            let post = Signal::derive(move || post_words(&ended.appointment, lang.get()));
            view! {
                <p>
                    {post} " "
                    <span class="x-muted">{t(words!("{by} 于 {az} 结束", "ended by {by}, {ae}"))}</span>
                </p>
            }
        });
        let rows = rows.collect::<Vec<_>>();
        (!rows.is_empty()).then(|| {
            view! {
                <Banner tone=Tone::Info title=t(Words::fixed("您的任职已结束", "A post of yours has ended"))>
                    {rows}
                    <p class="x-small">
                        {t(Words::fixed(
                            "如果您事先不知道，请告诉系统管理员或校办室。",
                            "If you did not know of it, tell an administrator or the school office.",
                        ))}
                    </p>
                </Banner>
            }
        })
    };
    let coming = move || {
        let rows = coming.get().into_iter().map(|coming| {
            let words = begins(&coming);
            let post = Signal::derive(move || post_words(&coming.appointment, lang.get()));
            view! { <p>{post} " " <span class="x-muted">{t(words)}</span></p> }
        });
        let rows = rows.collect::<Vec<_>>();
        (!rows.is_empty()).then(|| {
            view! {
                <Banner tone=Tone::Info title=t(Words::fixed("您将有新的任职", "A post of yours is to begin"))>
                    {rows}
                </Banner>
            }
        })
    };
    view! {
        {ended}
        {coming}
    }
    .into_any()
}
