//! Activation slips (开通单): one per person, on paper, handed over by the office.

use domain::account::Slip;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, IconName, Page, Tone, t};

use super::qr::Qr;
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
    // What waits for a second person has nothing to hand over yet.
    let (waiting, slips): (Vec<Slip>, Vec<Slip>) = slips.into_iter().partition(|s| s.waits);
    let n = slips.len();
    let any = n > 0;
    let waiting = (!waiting.is_empty()).then(|| {
        let names: Vec<String> = waiting.into_iter().map(|s| s.name).collect();
        let (zh, en) = (names.join("、"), names.join(", "));
        let note = words!(
            "{zh}的账号已开通，或者担任管理职务。为防止有人借开通单冒用，须由另一位管理账号的人在“教职工”页，或由校领导在首页确认，之后才有链接。",
            "{en}: active already, or in a managing post. So that nobody gets into such an account by a slip alone, another person who manages accounts confirms it on the Staff page, or a leader of the school on the start page; only then is there a link."
        );
        view! {
            <div class="x-no-print">
                <Banner tone=Tone::Info title=t(Words::fixed("待第二人确认", "Waiting for a second person"))>
                    <p>{t(note)}</p>
                </Banner>
            </div>
        }
    });
    let print = move |()| {
        // Where printing is forbidden (some in-app browsers) nothing happens.
        let _ = window().print();
    };
    let slip = move |slip: Slip| {
        let until = slip.expires_at.words();
        let (zh, en) = (until.zh, until.en);
        let address = slip.link.split('#').next().unwrap_or_default().to_owned();
        view! {
            <li class="s-slip">
                <div class="s-slip-head">
                    <span class="s-slip-name">{slip.name}</span>
                    <span class="x-muted">{slip.number}</span>
                    <span class="x-small x-muted">{school}</span>
                </div>
                <div class="s-slip-ways">
                    <Qr text=slip.link.clone() label=t(Words::fixed("开通链接的二维码", "QR code of the activation link")) />
                    <div>
                        <p class="x-small x-muted">{t(Words::fixed("开通码", "Activation code"))}</p>
                        <p class="s-slip-code x-mono">{slip.code}</p>
                        <p class="s-slip-link x-mono x-small">{slip.link}</p>
                    </div>
                </div>
                <ol class="s-slip-steps">
                    <li>
                        {t(words!(
                            "用手机扫二维码，或在浏览器中打开 {address} 输入开通码，有效至 {zh}。",
                            "Scan the QR code, or open {address} in a browser and type the code, until {en}."
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
            title=t(if any { words!("开通单 · {n} 张", "Activation slips: {n}") } else { Words::fixed("开通单", "Activation slips") })
            actions=move || {
                view! {
                    <Button label=t(Words::fixed("完成", "Done")) on_click=done />
                    {any
                        .then(|| {
                            view! {
                                <Button
                                    label=t(Words::fixed("打印", "Print"))
                                    kind=ButtonKind::Primary
                                    icon=IconName::Print
                                    on_click=print
                                />
                            }
                        })}
                }
            }
        >
            {waiting}
            {any
                .then(|| {
                    view! {
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
                    }
                })}
            <ul class="s-slips">{slips.into_iter().map(slip).collect::<Vec<_>>()}</ul>
        </Page>
    }
    .into_any()
}
