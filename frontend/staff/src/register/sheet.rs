//! `/register/{id}`: the 审核登记表 of a message, as a school files it: one A4
//! page with who answers for what, and a code that leads to the check of its digest.

use domain::api::{self, Value};
use domain::approval::{StepKind, Verdict};
use domain::register::{RegisterSheet, Signature, Sought};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, ButtonKind, IconName, Page, t, tw, use_lang};

use super::table::{category, filed, person};
use crate::account::Qr;
use crate::api::Query;
use crate::common::Loaded;
use crate::message::title_or_none;
use crate::route::{Route, use_router};
use crate::session::use_me;

/// `/register/{id}`.
#[component]
pub fn SheetPage() -> impl IntoView {
    let Route::Sheet(id) = use_router().route().get_untracked() else { return ().into_any() };
    let sheet = Query::new(move || api::REGISTER_SHEET.at(id));
    let actions = move || {
        view! {
            <Button
                label=t(Words::fixed("打印", "Print"))
                kind=ButtonKind::Primary
                icon=IconName::Print
                // Where printing is forbidden (some in-app browsers) nothing happens.
                on_click=move |()| drop(window().print())
            />
        }
    };
    view! {
        <Page title=t(Words::fixed("审核登记表", "Approval record")) back=Route::Register.path() actions=actions>
            <p class="x-no-print">
                <a href=Route::Message(id).path()>{t(Words::fixed("查看通知", "Open the notice"))}</a>
            </p>
            <Loaded query=sheet lines=12 show=|sheet| view! { <Sheet sheet=Box::new(sheet) /> }.into_any() />
        </Page>
    }
    .into_any()
}

/// A row with one thing.
fn wide(label: Words, content: impl IntoView + 'static) -> AnyView {
    view! {
        <tr>
            <th scope="row">{t(label)}</th>
            <td colspan="3">{content}</td>
        </tr>
    }
    .into_any()
}

/// A row with two.
fn two(one: (Words, AnyView), other: (Words, AnyView)) -> AnyView {
    view! {
        <tr>
            <th scope="row">{t(one.0)}</th>
            <td>{one.1}</td>
            <th scope="row">{t(other.0)}</th>
            <td>{other.1}</td>
        </tr>
    }
    .into_any()
}

/// What was said, by whom, when.
fn opinion(signature: &Signature) -> AnyView {
    let said = match (signature.verdict, signature.kind) {
        (Verdict::Return, _) => Words::fixed("退回修改", "Returned"),
        (Verdict::Approve, StepKind::Review) => Words::fixed("审核通过", "Passed review"),
        (Verdict::Approve, _) => Words::fixed("同意发送", "Approved for sending"),
    };
    let (who, at) = (person(signature), signature.at.date_time());
    view! {
        <p class="r-opinion">{t(said)}</p>
        <p class="r-signature">
            <span>{t(who)}</span>
            <span class="x-num">{at}</span>
        </p>
    }
    .into_any()
}

#[component]
fn Sheet(sheet: Box<RegisterSheet>) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let RegisterSheet { entry, body, procedure, reasons } = *sheet;
    let (school, word) = me.with_untracked(|m| (m.school.name.clone(), m.school.platform_word.clone()));
    let heading = words!("{school}{word}信息发送审核登记表", "{school}: approval record of a notice");
    let number = entry.number.words();
    let text = |text: String| view! { <span lang="zh-CN">{text}</span> }.into_any();
    let time = |at: Option<domain::time::Instant>| {
        let at = at.map(|at| at.date_time()).unwrap_or_else(|| "—".to_owned());
        view! { <span class="x-num">{at}</span> }.into_any()
    };
    let steps = |kind: StepKind| {
        let signed = entry.signed(kind);
        let nobody = signed.is_empty().then(|| view! { <p class="x-muted">"—"</p> });
        view! { {nobody} {signed.into_iter().map(opinion).collect::<Vec<_>>()} }.into_any()
    };
    let reach = {
        let r = entry.reach;
        let (children, people, phones) = (r.children, r.people, r.phones);
        if children == 0 {
            words!("{people} 位教师，{phones} 部手机", "teachers: {people}, phones: {phones}")
        } else {
            words!(
                "{children} 名学生，{people} 位家长，{phones} 部手机",
                "students: {children}, parents: {people}, phones: {phones}"
            )
        }
    };
    let (audience, post, state) = (entry.audience.clone(), entry.post.title(), entry.state.title());
    let statement = entry.statement_at.map(|at| {
        let at = at.date_time();
        words!(
            "起草人于 {at} 声明：对内容的真实性负责",
            "The drafter stated at {at} to answer for the content"
        )
    });
    let filings = entry.filed.iter().map(filed).map(|words| view! { <p>{t(words)}</p> }).collect::<Vec<_>>();
    let filings = if filings.is_empty() {
        view! { <p class="x-muted">"—"</p> }.into_any()
    } else {
        filings.into_any()
    };
    let explained = (!reasons.is_empty()).then(|| {
        let all = reasons.join("；");
        wide(Words::fixed("内容检查说明", "Explanations"), view! { <span lang="zh-CN">{all}</span> })
    });
    let asked = entry.asked.as_ref().map(|asker| {
        let words = t(asker.words());
        wide(Words::fixed("来件", "Asked for"), view! { <span>{words}</span> })
    });
    let corrects = entry.corrects.map(|id| {
        let words = words!("更正第 {id} 号通知", "Corrects notice {id}");
        wide(Words::fixed("更正", "Correction"), view! { <a href=Route::Message(id).path()>{t(words)}</a> })
    });
    let digest = entry.digest.clone().map(|digest| {
        let origin = window().location().origin().unwrap_or_default();
        let link = format!("{origin}{}?digest={}", Route::Verify(entry.id).path(), Sought(digest.clone()).write());
        view! {
            <div class="r-digest">
                <Qr text=link label=t(Words::fixed("核验内容指纹的二维码", "QR code that leads to the check of the digest")) />
                <div>
                    <p class="x-mono r-hash">{digest}</p>
                    <p class="x-small">
                        {t(Words::fixed(
                            "扫码登录后可核对：本表所载内容、收件名单与审批记录是否与系统一致。",
                            "Scan it and sign in to check that text, list and approvals on this paper are those on record.",
                        ))}
                    </p>
                </div>
            </div>
        }
    });
    let paragraphs = domain::page_text::paragraphs(&body)
        .into_iter()
        .map(|text| view! { <p class="x-prose">{text.to_string()}</p> })
        .collect::<Vec<_>>();
    let version = entry.version;
    let number_line = tw(move || {
        let (zh, en) = (number.zh.clone(), number.en.clone());
        words!("登记号：{zh}　第 {version} 稿", "No. {en}, version {version}")
    });
    view! {
        <article class="r-paper r-sheet" lang=move || lang.get().tag()>
            <h2>{t(heading)}</h2>
            <p class="r-sheet-number x-num">{number_line}</p>
            <table>
                <tbody>
                    {wide(Words::fixed("标题", "Title"), view! { <b lang="zh-CN">{t(title_or_none(&entry.title))}</b> })}
                    {two(
                        (Words::fixed("发送单位", "Unit"), text(entry.number.unit_name.clone())),
                        (Words::fixed("署名", "Signed as"), text(entry.sender.clone())),
                    )}
                    {two(
                        (Words::fixed("内容类别", "Category"), view! { {t(category(entry.category))} }.into_any()),
                        (Words::fixed("发送范围", "Audience"), view! { {t(audience)} }.into_any()),
                    )}
                    {wide(Words::fixed("接收人数", "Recipients"), view! { {t(reach)} })}
                    {wide(
                        Words::fixed("发送内容", "Text"),
                        view! {
                            <div class="r-text" lang="zh-CN">
                                {paragraphs}
                            </div>
                        },
                    )}
                    {asked} {explained} {corrects}
                    {two(
                        (
                            Words::fixed("起草人", "Drafted by"),
                            view! {
                                <span>{entry.drafter.clone()} " · " {t(post)}</span>
                            }
                            .into_any(),
                        ),
                        (Words::fixed("报批时间", "Submitted"), time(entry.submitted_at)),
                    )}
                    {wide(Words::fixed("内容声明", "Statement"), view! { {statement.map(t)} })}
                    {wide(Words::fixed("审批流程", "Procedure"), view! { {t(procedure)} })}
                    {wide(Words::fixed("审核意见", "Review"), steps(StepKind::Review))}
                    {wide(Words::fixed("审批意见", "Approval"), steps(StepKind::Approve))}
                    {wide(Words::fixed("备案登记", "Filing"), filings)}
                    {two(
                        (Words::fixed("发送时间", "Sent"), time(entry.released_at)),
                        (Words::fixed("当前状态", "State"), view! { {t(state)} }.into_any()),
                    )}
                    {wide(Words::fixed("内容指纹", "Digest"), digest)}
                </tbody>
            </table>
            <p class="r-foot">
                {t(Words::fixed(
                    "未经审批，严禁发送；谁审批，谁负责。本表由系统按审批记录生成。",
                    "No sending without approval; whoever approves answers for it. Made from the record of approvals.",
                ))}
            </p>
        </article>
    }
    .into_any()
}
