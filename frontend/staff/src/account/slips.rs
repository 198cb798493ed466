//! Activation slips (开通单): one per person, on paper, handed over by the office.

use domain::account::Slip;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, IconName, Page, Tone, t};

use crate::session::use_me;

/// The slips just issued. They are shown once: nobody can call them up again.
#[component]
pub fn Slips(
    /// The slips.
    slips: Vec<Slip>,
    /// Leads back to the list.
    done: Callback<()>,
) -> impl IntoView {
    let me = use_me();
    // They take the place of a long list, in which one may be far down.
    Effect::new(|_| window().scroll_to_with_x_and_y(0.0, 0.0));
    let school = move || me.with(|m| m.school.name.clone());
    let n = slips.len();
    let print = move |()| {
        // Where printing is forbidden (some in-app browsers) nothing happens.
        let _ = window().print();
    };
    let slip = move |slip: Slip| {
        let until = slip.expires_at.words();
        let (zh, en) = (until.zh, until.en);
        view! {
            <li class="s-slip">
                <div class="s-slip-head">
                    <span class="s-slip-name">{slip.name}</span>
                    <span class="x-muted">{slip.number}</span>
                    <span class="x-small x-muted">{school}</span>
                </div>
                <p class="s-slip-link x-mono">{slip.link}</p>
                <ol class="s-slip-steps">
                    <li>
                        {t(words!(
                            "在手机或电脑的浏览器中打开上面的整个链接，有效至 {zh}。",
                            "Open the whole link above in a browser, on a phone or computer, until {en}."
                        ))}
                    </li>
                    <li>
                        {t(Words::fixed(
                            "设置一个只有您自己知道的密码（至少 15 个字符）。",
                            "Choose a password that only you know (at least 15 characters).",
                        ))}
                    </li>
                    <li>
                        {t(Words::fixed(
                            "用教职工号或手机号登录。",
                            "Sign in with your staff number or phone number.",
                        ))}
                    </li>
                </ol>
                <p class="x-small x-muted">
                    {t(Words::fixed(
                        "仅限本人使用，开通后即作废；请勿转交他人或拍照外传。",
                        "For you alone; void once used. Do not pass it on or send photos of it.",
                    ))}
                </p>
            </li>
        }
        .into_any()
    };
    view! {
        <Page
            title=t(words!("开通单 · {n} 张", "Activation slips: {n}"))
            actions=move || {
                view! {
                    <Button label=t(Words::fixed("完成", "Done")) on_click=done />
                    <Button
                        label=t(Words::fixed("打印", "Print"))
                        kind=ButtonKind::Primary
                        icon=IconName::Print
                        on_click=print
                    />
                }
            }
        >
            <div class="x-no-print">
                <Banner
                    tone=Tone::Warning
                    title=t(Words::fixed("开通单只显示这一次", "These slips are shown only once"))
                >
                    <p>
                        {t(Words::fixed(
                            "请现在打印，裁开后当面交给本人。重新签发时，旧的开通单作废。",
                            "Print them now, cut them apart and hand each to its owner. A new slip makes the old one void.",
                        ))}
                    </p>
                </Banner>
            </div>
            <ul class="s-slips">{slips.into_iter().map(slip).collect::<Vec<_>>()}</ul>
        </Page>
    }
    .into_any()
}
