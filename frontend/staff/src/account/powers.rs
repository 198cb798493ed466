//! My posts, powers and duties: from the same table that refuses (G20), and
//! for what it does not grant, who may.

use domain::access::{Appointment, Person, grants};
use domain::api;
use domain::powers::who_may;
use domain::school::UnitView;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Card, Page, t, use_lang};

use super::appointments::Unconfirmed;
use super::posts::post_words;
use super::told::PostNotices;
use crate::api::Query;
use crate::common::Loaded;
use crate::session::use_me;

/// `/mine/powers`.
#[component]
pub fn PowersPage() -> impl IntoView {
    let me = use_me();
    let units = Query::new(|| api::UNITS.into());
    let posts = move || {
        let held = me.with(|me| me.person.appointments.clone());
        let none = held.is_empty().then(|| {
            view! {
                <Card>
                    <p>{t(Words::fixed("现在没有岗位，因此没有权限。岗位不对时，请告诉校办室。", "You hold no post now, so there is nothing you may do. If that is wrong, tell the school office."))}</p>
                </Card>
            }
        });
        let cards = held.into_iter().map(post).collect::<Vec<_>>();
        view! { {none} {cards} }
    };
    let show = move |units: Vec<UnitView>| {
        let person = me.with(|me| me.person.clone());
        view! { <Others person units /> }.into_any()
    };
    view! {
        <Page title=t(Words::fixed("我的岗位、权限与职责", "My posts, powers and duties")) back="/mine" narrow=true>
            <p class="x-muted">
                {t(Words::fixed(
                    "能做什么由岗位决定，由同一张权限表放行或拒绝；几个岗位的权限相加。",
                    "What you may do follows from your posts, by the very table that grants and refuses; several posts add up.",
                ))}
            </p>
            <Unconfirmed />
            <PostNotices />
            {posts}
            <Loaded query=units show />
        </Page>
    }
    .into_any()
}

fn post(held: Appointment) -> AnyView {
    let lang = use_lang();
    let post = held.post;
    let powers = grants(post)
        .iter()
        .map(|(action, reach)| {
            let (what, far) = (action.title(), reach.title());
            let (wz, we, fz, fe) = (what.zh, what.en, far.zh, far.en);
            view! { <li>{t(words!("{wz}（{fz}）", "{we} ({fe})"))}</li> }
        })
        .collect::<Vec<_>>();
    let none = powers.is_empty().then(|| {
        view! { <p class="x-muted">{t(Words::fixed("这个岗位本身不能发送，也不能查看名单。", "By itself this post lets neither send nor see rosters."))}</p> }
    });
    let title = Signal::derive(move || post_words(&held, lang.get()));
    view! {
        <Card title>
            <p>{t(post.duty())}</p>
            {none}
            <ul class="s-powers">{powers}</ul>
        </Card>
    }
    .into_any()
}

/// What is not granted, and who may.
#[component]
fn Others(person: Person, units: Vec<UnitView>) -> impl IntoView {
    let mut kinds: Vec<_> = units.iter().map(|unit| unit.kind).collect();
    kinds.dedup();
    let rows = person
        .may_not()
        .into_iter()
        .map(|action| {
            let (zh, en): (Vec<_>, Vec<_>) = who_may(action)
                .filter(|post| post.is_of_a_school_with(&kinds))
                .map(|post| {
                    let title = post.title();
                    (title.zh, title.en)
                })
                .unzip();
            let who = if zh.is_empty() {
                Words::fixed("本校还没有这样的岗位", "this school has no such post yet")
            } else {
                let (zh, en) = (zh.join("、"), en.join(", "));
                words!("可由{zh}办理", "may be done by: {en}")
            };
            view! {
                <li>
                    <span>{t(action.title())}</span>
                    <span class="x-muted x-small">{t(who)}</span>
                </li>
            }
        })
        .collect::<Vec<_>>();
    (!rows.is_empty()).then(|| {
        view! {
            <Card title=t(Words::fixed("不在您权限内的，由谁办理", "What you may not do, and who may"))>
                <ul class="s-powers s-powers-others">{rows}</ul>
            </Card>
        }
    })
}
