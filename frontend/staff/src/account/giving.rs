//! A person's posts, given and ended by hand.

use domain::access::{Appointment, Post};
use domain::api;
use domain::appointment::{ComingPost, EndPost, Ending, Give, HeldIn};
use domain::ids::{AppointmentId, StaffId};
use domain::roster::{ClassView, StaffView};
use domain::school::UnitView;
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, Card, ConfirmDialog, FormField, Select, SelectOption, TextInput, Tone, t,
    use_lang, use_toasts,
};

use super::posts::post_words;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::session::use_me;

/// The posts of a member of staff, each with a way to end it, and one to give another.
#[component]
pub fn Posts(
    /// Whose.
    member: StaffView,
    /// Read again when something changes.
    staff: Query<Vec<StaffView>>,
) -> impl IntoView {
    let (giving, ending) = (RwSignal::new(false), RwSignal::new(None::<(AppointmentId, String)>));
    let id = member.id;
    let now = member.appointments.into_iter().map(|held| row(held, None, ending));
    let later = member.coming.into_iter().map(|c| row(c.appointment.clone(), Some(c), ending));
    let rows = now.chain(later).collect::<Vec<_>>();
    let none = rows.is_empty().then(|| {
        view! { <p class="x-muted">{t(Words::fixed("现在没有岗位。", "Holds no post now."))}</p> }
    });
    view! {
        <Card title=t(Words::fixed("任职", "Posts"))>
            {none}
            <ul class="s-posts">{rows}</ul>
            <p>
                <Button label=t(Words::fixed("任命", "Give a post")) on_click=move |()| giving.set(true) />
            </p>
        </Card>
        <GiveDialog id open=giving staff />
        {move || ending.get().map(|(post, title)| view! { <EndDialog post title shown=ending staff /> })}
    }
    .into_any()
}

/// What is said of a post that begins on a later day.
pub(super) fn begins(coming: &ComingPost) -> Words {
    let date = coming.since.date();
    if coming.waits {
        words!("将于 {date} 起任，待第二人确认", "From {date}, once a second person has confirmed it")
    } else {
        words!("将于 {date} 起任", "From {date}")
    }
}

fn row(
    held: Appointment,
    coming: Option<ComingPost>,
    ending: RwSignal<Option<(AppointmentId, String)>>,
) -> AnyView {
    let lang = use_lang();
    let id = held.id;
    let begins = coming.map(|c| view! { " " <span class="x-muted x-small">{t(begins(&c))}</span> });
    let title = Signal::derive(move || post_words(&held, lang.get()));
    view! {
        <li>
            <span>{title} {begins}</span>
            <Button
                label=t(Words::fixed("结束", "End"))
                kind=ButtonKind::Quiet
                on_click=move |()| ending.set(Some((id, title.get_untracked())))
            />
        </li>
    }
    .into_any()
}

/// Whom and what the school would lack then.
fn leaves(ending: Ending) -> AnyView {
    let lines = ending.leaves().into_iter().map(|words| view! { <li>{t(words)}</li> }).collect::<Vec<_>>();
    (!lines.is_empty())
        .then(|| {
            view! {
                <Banner tone=Tone::Warning title=t(Words::fixed("结束以后", "What follows"))>
                    <ul>{lines}</ul>
                </Banner>
            }
        })
        .into_any()
}

#[component]
fn EndDialog(
    post: AppointmentId,
    title: String,
    shown: RwSignal<Option<(AppointmentId, String)>>,
    staff: Query<Vec<StaffView>>,
) -> impl IntoView {
    let (order, toasts) = (Order::new(), use_toasts());
    let open = RwSignal::new(true);
    Effect::new(move |_| {
        if !open.get() {
            shown.set(None);
        }
    });
    let ending = Query::new(move || api::POST_ENDING.at(post));
    let end = move |()| {
        order.send(api::END_POST.at(post), &EndPost { knowing: true }, move |()| {
            open.set(false);
            toasts.done(Words::fixed("任职已结束", "The post has ended"));
            staff.reload();
        });
    };
    view! {
        <ConfirmDialog
            open
            title=t(words!("结束“{title}”？", "End “{title}”?"))
            confirm=t(Words::fixed("结束任职", "End the post"))
            on_confirm=end
            busy=order.busy()
            danger=true
        >
            <p>
                {t(Words::fixed(
                    "从现在起不再有这个岗位的权限，本人会收到提示；以前办理的记录都保留。",
                    "From now on it gives no rights, and its holder is told. What was done in it stays on record.",
                ))}
            </p>
            <Loaded query=ending lines=2 bare=true show=leaves />
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

#[component]
fn GiveDialog(id: StaffId, open: RwSignal<bool>, staff: Query<Vec<StaffView>>) -> impl IntoView {
    // Asked for only once it is opened.
    let form = move || open.get().then(|| view! { <Places id open staff /> });
    form.into_any()
}

#[component]
fn Places(id: StaffId, open: RwSignal<bool>, staff: Query<Vec<StaffView>>) -> impl IntoView {
    let units = Query::new(|| api::UNITS.into());
    let classes = Query::new(|| api::CLASSES.into());
    let (order, lang, toasts) = (Order::new(), use_lang(), use_toasts());
    let today = StoredValue::new(use_me().with_untracked(|me| me.now.date()));
    let (post, unit, class, subject, from) = (
        RwSignal::new(Post::Custodian.key().to_owned()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
    );
    let chosen = Memo::new(move |_| Post::from_key(&post.get()).unwrap_or(Post::Custodian));
    // Only posts for which the school has a unit.
    let posts = Signal::derive(move || {
        let all: Vec<UnitView> = units.value().unwrap_or_default();
        let fits = |post: &&Post| match post.held_in() {
            HeldIn::Class => true,
            HeldIn::Unit(kinds) => all.iter().any(|u| kinds.contains(&u.kind)),
        };
        Post::ALL
            .iter()
            .filter(fits)
            .map(|post| SelectOption::new(post.key(), post.title().get(lang.get()).to_owned()))
            .collect::<Vec<_>>()
    });
    let places = Signal::derive(move || {
        let HeldIn::Unit(kinds) = chosen.get().held_in() else { return Vec::new() };
        let all = units.value().unwrap_or_default();
        let fits = all.into_iter().filter(|u| kinds.contains(&u.kind));
        fits.map(|u| SelectOption::new(u.id.0.to_string(), u.name)).collect::<Vec<_>>()
    });
    let rooms = Signal::derive(move || {
        let all: Vec<ClassView> = classes.value().unwrap_or_default();
        all.iter().map(|c| SelectOption::new(c.id.0.to_string(), c.full_name())).collect::<Vec<_>>()
    });
    let give = move |()| {
        let post = chosen.get_untracked();
        // The only place there is needs no choice.
        let only = || places.with_untracked(|all| (all.len() == 1).then(|| all[0].value.clone()));
        let in_unit = matches!(post.held_in(), HeldIn::Unit(_));
        let unit = unit.get_untracked();
        let unit = if unit.is_empty() { only().unwrap_or_default() } else { unit };
        let body = Give {
            staff: id,
            post,
            unit: unit.parse().ok().filter(|_| in_unit),
            class: class.get_untracked().parse().ok().filter(|_| !in_unit),
            subject: if post == Post::SubjectTeacher { subject.get_untracked() } else { String::new() },
            from: Instant::from_local(&format!("{}T00:00", from.get_untracked())),
        };
        order.send(api::GIVE_POST, &body, move |()| {
            open.set(false);
            toasts.done(if post.needs_confirmation() {
                Words::fixed(
                    "已任命，待第二人确认后生效",
                    "Given: it counts once a second person has confirmed it",
                )
            } else {
                Words::fixed("已任命", "Given")
            });
            staff.reload();
        });
    };
    let place = move || match chosen.get().held_in() {
        HeldIn::Unit(_) => view! {
            <FormField label=t(Words::fixed("部门", "Unit")) error=order.field_error("unit") required=true>
                <Select value=unit options=places prompt=t(Words::fixed("请选择", "Please choose")) />
            </FormField>
        }
        .into_any(),
        HeldIn::Class => view! {
            <FormField label=t(Words::fixed("班级", "Class")) error=order.field_error("class") required=true>
                <Select value=class options=rooms prompt=t(Words::fixed("请选择", "Please choose")) />
            </FormField>
        }
        .into_any(),
    };
    let taught = move || {
        (chosen.get() == Post::SubjectTeacher).then(|| {
            view! {
                <FormField label=t(Words::fixed("学科", "Subject")) error=order.field_error("subject") required=true>
                    <TextInput value=subject />
                </FormField>
            }
        })
    };
    let waits = move || {
        chosen.get().needs_confirmation().then(|| {
            view! {
                <p class="x-muted x-small">
                    {t(Words::fixed(
                        "这个岗位有审批或管理权限，由另一位能管理账号的人确认后才生效。",
                        "This post decides or manages: it counts once somebody else who manages accounts has confirmed it.",
                    ))}
                </p>
            }
        })
    };
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("任命", "Give a post"))
            confirm=t(Words::fixed("任命", "Give the post"))
            on_confirm=give
            busy=order.busy()
            typing=true
        >
            <Problems order />
            <Loaded query=units lines=3 bare=true show=move |_| {
                view! {
                    <FormField label=t(Words::fixed("岗位", "Post")) error=order.field_error("post") required=true>
                        <Select value=post options=posts />
                    </FormField>
                    {place}
                    {taught}
                    <FormField
                        label=t(Words::fixed("起任日期", "From"))
                        hint=t(Words::fixed(
                            "不填就是从现在起；填以后的日期，到那天才有这个岗位的权限。",
                            "Empty means from now on. With a later day it gives nothing before.",
                        ))
                        error=order.field_error("from")
                    >
                        <TextInput value=from kind="date" min=today.get_value() />
                    </FormField>
                    {waits}
                }
                .into_any()
            } />
        </ConfirmDialog>
    }
    .into_any()
}
