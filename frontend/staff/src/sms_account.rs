//! The school's account with an SMS provider: how it stands, what waits for a
//! second person, what is filed where, a test to one's own phone, and what
//! went out.

mod filing;
mod form;
mod volume;

use domain::api;
use domain::provider::FilingState;
use domain::sms_account::{
    AccountVersion, SmsAccountView, TESTS_PER_DAY, TestResult, changes, filed_words, price_words,
};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Badge, Banner, Button, ButtonKind, ButtonLink, Card, ConfirmDialog, EmptyState, Fact, Facts, IconName,
    List, ListItem, Page, Tone, t, tw, use_lang, use_toasts,
};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems, me_refresher};
use crate::route::{Route, use_router};

/// The page's name.
pub fn title() -> Words {
    Words::fixed("短信账户", "SMS account")
}

/// `/sms-account`, and with `?edit=1` the form.
#[component]
pub fn SmsAccountPage() -> impl IntoView {
    let router = use_router();
    let edits = Memo::new(move |_| router.query("edit").is_some());
    let known = Query::new(|| api::SMS_ACCOUNT.into());
    let back = move || if edits.get() { Route::SmsAccount.path() } else { Route::Home.path() };
    move || {
        let form = edits.get();
        view! {
            <Page title=t(title()) back=back() narrow=form>
                <Loaded
                    query=known
                    show=move |view| {
                        if form {
                            view! { <form::Form view query=known /> }.into_any()
                        } else {
                            view! { <Known view query=known /> }.into_any()
                        }
                    }
                />
            </Page>
        }
        .into_any()
    }
}

/// The address of the form.
fn edit_path() -> String {
    format!("{}?edit=1", Route::SmsAccount.path())
}

/// The colour of a filing's state.
fn filing_tone(state: FilingState) -> Tone {
    match state {
        FilingState::Approved => Tone::Good,
        FilingState::Filed => Tone::Info,
        FilingState::Refused => Tone::Danger,
        FilingState::NotFiled => Tone::Warning,
    }
}

#[component]
fn Known(view: SmsAccountView, query: Query<SmsAccountView>) -> impl IntoView {
    let trial = view.in_force.as_ref().is_some_and(|v| v.trial).then(|| {
        view! {
            <Banner
                tone=Tone::Warning
                title=t(domain::sms_account::on_trial())
            >
                <p>
                    {t(Words::fixed(
                        "先给自己发测试短信，再发一条只给教职工的通知；都收到后，点“修改”，由两个人结束试运行。",
                        "Send yourself a test, then a notice to staff. Once both arrive, choose “Change”: two people end the trial.",
                    ))}
                </p>
            </Banner>
        }
    });
    let waits = view.proposed.clone().map(|version| {
        let (before, bar) = (view.in_force.clone(), view.bar.clone());
        view! { <Proposed version before bar query /> }
    });
    let may_change = view.proposed.is_none();
    let now = match view.in_force.clone() {
        Some(version) => in_force(version, may_change),
        None if may_change => view! {
            <Card>
                <EmptyState
                    icon=IconName::Message
                    title=t(Words::fixed("还没有短信账户", "There is no SMS account yet"))
                    note=t(Words::fixed(
                        "先在服务商处报备下面的签名和模板，再填写账户；一人填写，另一人确认。",
                        "File the signature and the template below with the provider, then enter the account. One person enters it, another confirms.",
                    ))
                />
                <div class="x-row">
                    <ButtonLink
                        href=edit_path()
                        label=t(Words::fixed("填写账户", "Enter the account"))
                        kind=ButtonKind::Primary
                    />
                </div>
            </Card>
        }
        .into_any(),
        None => ().into_any(),
    };
    let price = view.in_force.as_ref().map(|v| v.price);
    let (phone, left) = (view.phone.clone(), view.tests_left);
    view! {
        {trial}
        {waits}
        <div class="x-columns x-columns-even">
            <div class="x-stack">
                {now}
                <TestCard phone left query />
                {volume::card(view.month, view.days.clone(), price)}
            </div>
            <div class="x-stack">{filing::cards(&view)} {earlier(view.earlier.clone())}</div>
        </div>
    }
    .into_any()
}

fn by_words(version: &AccountVersion) -> Words {
    let one = &version.set_by;
    match (&version.confirmed_by, &version.declined_by) {
        (Some(two), _) => words!("{one}提出，{two}确认", "proposed by {one}, confirmed by {two}"),
        (_, Some(two)) if two == one => words!("{one}提出后收回", "proposed and taken back by {one}"),
        (_, Some(two)) => words!("{one}提出，{two}不采用", "proposed by {one}, declined by {two}"),
        _ => words!("{one}提出", "proposed by {one}"),
    }
}

fn forged(version: &AccountVersion) -> Option<AnyView> {
    (!version.sealed).then(|| {
        view! {
            <Banner
                tone=Tone::Danger
                title=t(Words::fixed(
                    "记录与封印不符：有人绕过系统改动了数据库，短信已停发，请立即查明",
                    "The record does not fit its seal: somebody wrote into the database past the system. Nothing is sent; find out at once",
                ))
            />
        }
        .into_any()
    })
}

fn in_force(version: AccountVersion, may_change: bool) -> AnyView {
    let lang = use_lang();
    let warning = forged(&version);
    let at = version.confirmed_at;
    let by = by_words(&version);
    let (signature, state) = (version.signature.clone(), version.signature_state);
    let key = version.key.clone().map_or(Words::fixed("无法读取", "cannot be read"), Words::name);
    let app_id = (!version.app_id.is_empty()).then(|| {
        view! { <Fact label=t(Words::fixed("SdkAppId", "SdkAppId"))><span class="x-num">{version.app_id.clone()}</span></Fact> }
    });
    let templates = version.templates.iter().map(|template| {
        let tone = filing_tone(template.state);
        view! { <Badge tone label=t(filed_words(template)) /> }
    });
    let templates = templates.collect::<Vec<_>>();
    let none = templates.is_empty().then(|| t(Words::fixed("还没有登记", "None entered yet")));
    let change = may_change.then(|| {
        view! {
            <div class="x-row">
                <ButtonLink href=edit_path() label=t(Words::fixed("修改", "Change")) />
            </div>
        }
    });
    view! {
        <Card title=t(Words::fixed("现在使用", "In use"))>
            {warning}
            <Facts>
                <Fact label=t(Words::fixed("服务商", "Provider"))>{t(version.provider.title())}</Fact>
                <Fact label=t(Words::fixed("访问密钥", "Access key"))><span class="x-mono">{t(key)}</span></Fact>
                {app_id}
                <Fact label=t(Words::fixed("签名", "Signature"))>
                    "【" {signature} "】 " <Badge tone=filing_tone(state) label=t(state.title()) />
                </Fact>
                <Fact label=t(Words::fixed("模板", "Template"))>{templates} {none}</Fact>
                <Fact label=t(Words::fixed("每条单价", "Price of one SMS"))>
                    <span class="x-num">{t(price_words(version.price))}</span>
                </Fact>
            </Facts>
            <p class="x-small x-muted">
                {t(by)} {at.map(|at| move || format!(" · {}", at.show(lang.get())))}
            </p>
            {change}
        </Card>
    }
    .into_any()
}

/// The change that waits, before and after, and what the reader may do about it.
#[component]
fn Proposed(
    version: AccountVersion,
    before: Option<AccountVersion>,
    bar: Option<Words>,
    query: Query<SmsAccountView>,
) -> impl IntoView {
    let (toasts, order, lang, refresh) = (use_toasts(), Order::new(), use_lang(), me_refresher());
    let asking = RwSignal::new(false);
    let confirms = RwSignal::new(true);
    let id = version.version;
    let (now, then) = (|| Words::fixed("现在", "Now"), || Words::fixed("改为", "Then"));
    let rows = changes(before.as_ref(), &version).into_iter().map(|change| {
        view! {
            <tr>
                <th scope="row">{t(change.what)}</th>
                <td data-label=t(now())>{t(change.before)}</td>
                <td data-label=t(then())>
                    <strong>{t(change.after)}</strong>
                </td>
            </tr>
        }
    });
    let rows = rows.collect::<Vec<_>>();
    let run = move |()| {
        let yes = confirms.get_untracked();
        let to = if yes { api::CONFIRM_SMS_ACCOUNT } else { api::DECLINE_SMS_ACCOUNT };
        order.call(to.at(id), move |view| {
            let _ = asking.try_set(false);
            toasts.done(if yes {
                Words::fixed("已确认，一分钟内生效", "Confirmed: it is in use within a minute")
            } else {
                Words::fixed("已不采用", "Declined")
            });
            refresh();
            query.set(view);
        });
    };
    let ask = move |yes: bool| {
        order.clear();
        confirms.set(yes);
        asking.set(true);
    };
    let said = move |yes: Words, no: Words| tw(move || if confirms.get() { yes.clone() } else { no.clone() });
    let may = bar.is_none().then(|| {
        view! {
            <Button
                label=t(Words::fixed("确认", "Confirm"))
                kind=ButtonKind::Primary
                on_click=move |()| ask(true)
            />
        }
    });
    let (by, at) = (by_words(&version), version.set_at);
    view! {
        <Card
            title=t(Words::fixed("等第二个人确认", "Waits for a second person"))
            actions=|| view! { <Badge tone=Tone::Warning label=t(Words::fixed("未生效", "Not in use")) /> }
        >
            {forged(&version)}

                <table class="x-table">
                    <thead>
                        <tr>
                            <th scope="col">{t(Words::fixed("项目", "What"))}</th>
                            <th scope="col">{t(now())}</th>
                            <th scope="col">{t(then())}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>

            <p class="x-small x-muted">{t(by)} {move || format!(" · {}", at.show(lang.get()))}</p>
            {bar.map(|bar| view! { <p class="x-small">{t(bar)}</p> })}
            <div class="x-row">
                {may}
                <Button label=t(Words::fixed("不采用", "Decline")) on_click=move |()| ask(false) />
            </div>
            <ConfirmDialog
                open=asking
                title=said(
                    Words::fixed("确认这个修改？", "Confirm this change?"),
                    Words::fixed("不采用这个修改？", "Decline this change?"),
                )
                confirm=said(Words::fixed("确认", "Confirm"), Words::fixed("不采用", "Decline"))
                on_confirm=run
                busy=order.busy()
            >
                <p>
                    {said(
                        Words::fixed(
                            "请先与提出人当面核对。确认后一分钟内生效，您的姓名和时间会记录在案。",
                            "Check it with who proposed it first. It is in use within a minute; your name and the time are recorded.",
                        ),
                        Words::fixed("这一版从此作废，现行设置不变。", "This version never counts; what is in use stays."),
                    )}
                </p>
                <Problems order />
            </ConfirmDialog>
        </Card>
    }
    .into_any()
}

#[component]
fn TestCard(phone: Option<String>, left: u32, query: Query<SmsAccountView>) -> impl IntoView {
    let order = Order::new();
    let result = RwSignal::new(None::<TestResult>);
    let left = RwSignal::new(left);
    let send = move |()| {
        result.set(None);
        order.call(api::TEST_SMS_ACCOUNT, move |said: TestResult| {
            let _ = result.try_set(Some(said));
            left.update(|n| *n = n.saturating_sub(1));
        });
    };
    let words = phone.as_ref().map_or(
        Words::fixed(
            "您的档案里没有手机号，请先在教职工页登记。",
            "You have no number on the roll: enter it on the page “Staff” first.",
        ),
        |phone| {
            words!(
                "用所有通知共用的模板，发一条固定文字到您本人的手机 {phone}。",
                "A fixed text in the template of all notices, to your own phone {phone}."
            )
        },
    );
    let none = phone.is_none();
    let remaining = tw(move || {
        let n = left.get();
        words!("今天还可测试 {n} 次（每天 {TESTS_PER_DAY} 次）", "{n} of {TESTS_PER_DAY} tests left today")
    });
    let said = move || {
        result.get().map(|said| {
            let tone = if said.taken { Tone::Good } else { Tone::Warning };
            view! { <Banner tone title=t(said.words) /> }
        })
    };
    let again = move |_| query.reload();
    Effect::new(move |before: Option<bool>| {
        let over = left.get() == 0;
        if before == Some(false) && over {
            again(());
        }
        over
    });
    view! {
        <Card title=t(Words::fixed("测试短信", "Test"))>
            <p>{t(words)}</p>
            <div role="status">{said}</div>
            <Problems order />
            <div class="x-row">
                <Button
                    label=t(Words::fixed("发到我的手机", "Send to my phone"))
                    busy=order.busy()
                    disabled=Signal::derive(move || none || left.get() == 0)
                    on_click=send
                />
                <span class="x-small x-muted">{remaining}</span>
            </div>
        </Card>
    }
    .into_any()
}

fn earlier(versions: Vec<AccountVersion>) -> Option<AnyView> {
    let lang = use_lang();
    (!versions.is_empty()).then(|| {
        let rows = versions.into_iter().map(move |version| {
            let (p, by) = (version.provider.title(), by_words(&version));
            let (n, pz, pe, bz, be) = (version.version, p.zh, p.en, by.zh, by.en);
            let at = version.confirmed_at.or(version.declined_at).unwrap_or(version.set_at);
            let title = words!("第 {n} 版 · {pz}", "Version {n} · {pe}");
            view! {
                <ListItem
                    title=t(title)
                    note=tw(move || {
                        let at = at.show(lang.get());
                        words!("{bz} · {at}", "{be} · {at}")
                    })
                />
            }
        });
        view! {
            <Card title=t(Words::fixed("以前的版本", "Earlier versions")) flush=true>
                <List label=t(Words::fixed("以前的版本", "Earlier versions"))>{rows.collect::<Vec<_>>()}</List>
            </Card>
        }
        .into_any()
    })
}
