//! `/verify/{id}?digest=`: where the code on a printed 审核登记表 leads.

use domain::api;
use domain::register::{Sought, Verification};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Card, Fact, Facts, Page, Tone, t};

use super::table::person;
use crate::api::Query;
use crate::common::Loaded;
use crate::message::title_or_none;
use crate::route::{Route, use_router};

/// `/verify/{id}`.
#[component]
pub fn VerifyPage() -> impl IntoView {
    let router = use_router();
    let Route::Verify(id) = router.route().get_untracked() else { return ().into_any() };
    let digest = untrack(|| router.query("digest")).unwrap_or_default();
    let query = Query::new(move || api::VERIFY_DIGEST.at(id).with(api::DIGEST, Sought(digest.clone())));
    view! {
        <Page title=t(Words::fixed("核验登记表", "Check a record")) back=Route::Register.path() narrow=true>
            <Loaded query show=found />
            <p class="x-small x-muted">
                {t(Words::fixed(
                    "打不开或提示没有找到时，说明系统里没有这个内容指纹：这张表不是由本系统生成的，或被改动过。",
                    "Where nothing is found, no notice on record has this digest: the paper was not made by this system, or was changed.",
                ))}
            </p>
        </Page>
    }
    .into_any()
}

fn found(v: Verification) -> AnyView {
    let (tone, words) = match (v.is_current, v.fits) {
        (true, Some(true)) => (
            Tone::Good,
            Words::fixed(
                "核验一致：系统中的内容、名单和审批与这张表相同",
                "It checks out: text, list and approvals on record are those of the paper",
            ),
        ),
        (true, _) => (
            Tone::Danger,
            Words::fixed(
                "核验不一致：系统中的记录可能被人改动过，请立即告知系统管理员",
                "It does not check out: the record may have been changed by hand. Tell the administrator at once",
            ),
        ),
        (false, _) => (
            Tone::Warning,
            Words::fixed(
                "这是较早的一稿，后来又修改过，以最新登记表为准",
                "This is an earlier version that was changed since: the newest record counts",
            ),
        ),
    };
    let (number, title, state, version) =
        (v.number.words(), title_or_none(&v.title), v.state.title(), v.version);
    let sent = v.released_at.map(|at| at.date_time()).unwrap_or_else(|| "—".into());
    let signed = v
        .signatures
        .iter()
        .map(|s| {
            let (kind, who, at) = (s.kind.title(), person(s), s.at.date_time());
            let words = {
                let (kz, ke, wz, we) = (kind.zh, kind.en, who.zh, who.en);
                words!("{kz}：{wz}，{at}", "{ke}: {we}, {at}")
            };
            view! { <p>{t(words)}</p> }
        })
        .collect::<Vec<_>>();
    let number_words = {
        let (zh, en) = (number.zh, number.en);
        words!("{zh}，第 {version} 稿", "{en}, version {version}")
    };
    view! {
        <Banner tone title=t(words) />
        <Card>
            <Facts>
                <Fact label=t(Words::fixed("登记号", "Number"))>{t(number_words)}</Fact>
                <Fact label=t(Words::fixed("标题", "Title"))>{t(title)}</Fact>
                <Fact label=t(Words::fixed("审批", "Decided"))>{signed}</Fact>
                <Fact label=t(Words::fixed("状态", "State"))>{t(state)}</Fact>
                <Fact label=t(Words::fixed("发送时间", "Sent"))>{sent}</Fact>
            </Facts>
        </Card>
    }
    .into_any()
}
