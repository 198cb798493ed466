//! Accounts: signing in and out, activation, who has one, and one's own.

mod activate;
mod mine;
mod sign_in;
mod slips;
mod staff;

use domain::access::Appointment;
use domain::account::Me;
use domain::words::{Lang, Words};
use leptos::prelude::*;
use ui::{LangSwitch, t, use_lang};

use crate::api::{Order, SESSION};
use crate::session::{Session, use_session};

pub use activate::ActivatePage;
pub use mine::MinePage;
pub use sign_in::SignInPage;
pub use staff::StaffPage;

/// The frame of the pages before sign-in: the product's name, one card, the language.
#[component]
fn Outside(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// The card.
    children: Children,
) -> impl IntoView {
    Effect::new(move |_| document().set_title(&title.get()));
    view! {
        <main class="s-outside">
            <div class="s-outside-brand">
                <span class="x-brand-mark" aria-hidden="true">
                    "讯"
                </span>
                <span>{t(Words::fixed("校讯", "Xiaoxun"))}</span>
                <LangSwitch />
            </div>
            <div class="s-outside-card">
                <h1>{title}</h1>
                {children()}
            </div>
            <p class="s-outside-foot x-small x-muted">
                {t(Words::fixed(
                    "谁审批，谁负责；未经审批，严禁发送。",
                    "Whoever approves answers for it; no sending without approval.",
                ))}
            </p>
        </main>
    }
    .into_any()
}

/// Signing out: for the rail and for the person's own page.
#[derive(Clone, Copy)]
pub struct SignOut {
    order: Order,
    session: Session,
}

impl SignOut {
    /// Inside a component.
    pub fn new() -> Self {
        Self { order: Order::new(), session: use_session() }
    }

    /// Whether it is under way.
    pub fn busy(self) -> Signal<bool> {
        self.order.busy()
    }

    /// Signs out.
    pub fn run(self) {
        self.order.delete(SESSION, move |()| self.session.leave());
    }
}

/// One post in words: `七年级1班班主任`, `数学 · 七年级2班任课教师`.
pub fn post_words(held: &Appointment, lang: Lang) -> String {
    let title = held.post.title();
    let place = held.class_name.as_deref().or(match held.post {
        domain::access::Post::GradeHead
        | domain::access::Post::DepartmentHead
        | domain::access::Post::DepartmentClerk => Some(held.unit_name.as_str()),
        _ => None,
    });
    let title = title.get(lang);
    let words = match (place, lang) {
        (Some(place), Lang::Zh) if title.starts_with(place) => title.to_owned(),
        // 政教处 + 处室主任 is 政教处主任.
        (Some(place), Lang::Zh) => format!("{place}{}", title.trim_start_matches("处室")),
        (Some(place), Lang::En) => format!("{title}, {place}"),
        (None, _) => title.to_owned(),
    };
    match &held.subject {
        Some(subject) => format!("{words} · {subject}"),
        None => words,
    }
}

/// All posts of a person in words. Classes that share post and subject stand together.
pub fn posts_words(held: &[Appointment], lang: Lang) -> Vec<String> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for appointment in held {
        let (Some(class), true) =
            (&appointment.class_name, appointment.post == domain::access::Post::SubjectTeacher)
        else {
            lines.push((post_words(appointment, lang), Vec::new()));
            continue;
        };
        let bare = Appointment { class_name: None, ..appointment.clone() };
        let key = post_words(&bare, lang);
        match lines.iter_mut().find(|(line, classes)| *line == key && !classes.is_empty()) {
            Some((_, classes)) => classes.push(class.clone()),
            None => lines.push((key, vec![class.clone()])),
        }
    }
    lines
        .into_iter()
        .map(|(line, classes)| match (classes.is_empty(), lang) {
            (true, _) => line,
            (false, Lang::Zh) => format!("{line}（{}）", classes.join("、")),
            (false, Lang::En) => format!("{line} ({})", classes.join(", ")),
        })
        .collect()
}

/// The first post of the person at the screen, and that there are more.
pub fn posts_line(me: Signal<Me>) -> Signal<String> {
    let lang = use_lang();
    Signal::derive(move || {
        me.with(|m| {
            let lines = posts_words(&m.person.appointments, lang.get());
            match lines.as_slice() {
                [] => String::new(),
                [one] => one.clone(),
                [first, rest @ ..] => {
                    let more = rest.len();
                    let all = more + 1;
                    domain::words!("{first} 等 {all} 个岗位", "{first} and {more} more")
                        .get(lang.get())
                        .to_owned()
                }
            }
        })
    })
}
