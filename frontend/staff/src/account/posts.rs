//! A person's posts in words, as lists and headings show them.

use domain::access::{Appointment, Post};
use domain::account::Me;
use domain::words::Lang;
use leptos::prelude::*;
use ui::use_lang;

/// One post in words: `七年级1班班主任`, `数学 · 七年级2班任课教师`.
pub fn post_words(held: &Appointment, lang: Lang) -> String {
    let title = held.post.title();
    let place = held.class_name.as_deref().or(match held.post {
        Post::GradeHead
        | Post::DepartmentHead
        | Post::DepartmentClerk
        | Post::DepartmentLeader
        | Post::FirstResponsible
        | Post::DesignatedSender
        | Post::Dean
        | Post::CollegeLeader
        | Post::CollegeClerk
        | Post::SocietyTeacher
        | Post::Custodian => Some(held.unit_name.as_str()),
        _ => None,
    });
    let title = title.get(lang);
    let words = match (place, lang) {
        (Some(place), Lang::Zh) if title.starts_with(place) => title.to_owned(),
        // 政教处 + 处室主任 is 政教处主任, 商学院 + 学院学生科信息员 is 商学院学生科信息员.
        (Some(place), Lang::Zh) => {
            let rest =
                ["处室", "部门", "学院", "社团"].iter().find_map(|general| title.strip_prefix(general));
            format!("{place}{}", rest.unwrap_or(title))
        }
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
        let (Some(class), true) = (&appointment.class_name, appointment.post == Post::SubjectTeacher) else {
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
