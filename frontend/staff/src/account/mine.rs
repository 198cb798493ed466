//! The person's own page; on a phone it also holds what the tab bar has no room for.

use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, Card, Fact, Facts, IconName, LangSwitch, List, ListItem, Page, t, use_lang};

use super::appointments::Unconfirmed;
use super::delegations;
use super::posts::posts_words;
use super::sign_out::SignOut;
use crate::menu::menu;
use crate::route::Route;
use crate::session::use_me;

/// `/mine`.
#[component]
pub fn MinePage() -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let sign_out = SignOut::new();
    let posts = move || {
        let lines = me.with(|m| posts_words(&m.person.appointments, lang.get()));
        lines.into_iter().map(|line| view! { <p>{line}</p> }).collect::<Vec<_>>()
    };
    let rest = move || {
        let items: Vec<_> = me.with(menu).into_iter().filter(|i| !i.tab).collect();
        (!items.is_empty()).then(|| {
            let links = items
                .into_iter()
                .map(|i| view! { <ListItem href=i.href title=t(i.label) icon=i.icon /> })
                .collect::<Vec<_>>();
            view! {
                <div class="s-phone-only">
                    <Card flush=true>
                        <List label=t(Words::fixed("更多功能", "More"))>{links}</List>
                    </Card>
                </div>
            }
        })
    };
    let stand_in = move || {
        me.with(delegations::concerns).then(|| {
            view! {
                <Card flush=true>
                    <List label=t(Words::fixed("请假与代行", "Away and stand-ins"))>
                        <ListItem
                            href="/delegations"
                            icon=IconName::Clock
                            title=t(Words::fixed("请假与代行", "Away and stand-ins"))
                            note=t(Words::fixed(
                                "外出、请假时由谁代为审批",
                                "Who decides while somebody is away",
                            ))
                        />
                    </List>
                </Card>
            }
        })
    };
    view! {
        <Page title=t(Words::fixed("我的", "Me")) narrow=true>
            <Card>
                <Facts>
                    <Fact label=t(Words::fixed("姓名", "Name"))>{move || me.with(|m| m.person.name.clone())}</Fact>
                    <Fact label=t(Words::fixed("教职工号", "Staff number"))>
                        {move || me.with(|m| m.person.number.clone())}
                    </Fact>
                    <Fact label=t(Words::fixed("岗位", "Posts"))>{posts}</Fact>
                    <Fact label=t(Words::fixed("学校", "School"))>{move || me.with(|m| m.school.name.clone())}</Fact>
                </Facts>
                <p class="x-small x-muted">
                    {t(Words::fixed(
                        "能做什么由岗位决定。岗位不对时，请告诉校办室。",
                        "What you can do follows from your posts. If they are wrong, tell the school office.",
                    ))}
                </p>
            </Card>
            <Unconfirmed />
            {stand_in}
            <Card flush=true>
                <List label=t(Words::fixed("岗位与账号", "Posts and account"))>
                    <ListItem
                        href=Route::Powers.path()
                        title=t(Words::fixed("我的岗位、权限与职责", "My posts, powers and duties"))
                        icon=IconName::Done
                    />
                    <ListItem
                        href=Route::Security.path()
                        title=t(Words::fixed("密码与登录设备", "Password and devices"))
                        icon=IconName::Shield
                    />
                </List>
            </Card>
            {rest}
            <Card>
                <div class="x-row x-row-between">
                    <LangSwitch />
                    <Button
                        label=t(Words::fixed("退出登录", "Sign out"))
                        icon=IconName::Leave
                        busy=sign_out.busy()
                        on_click=move |()| sign_out.run()
                    />
                </div>
            </Card>
        </Page>
    }
    .into_any()
}
