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
    // Keeping a unit's account comes with another post, which says more of the person.
    let (kept, first): (Vec<_>, Vec<_>) = held.iter().partition(|a| a.post == Post::Custodian);
    for appointment in first.into_iter().chain(kept) {
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
            (false, Lang::Zh) => format!("{line}（{}）", together(&classes, "、")),
            (false, Lang::En) => format!("{line} ({})", together(&classes, ", ")),
        })
        .collect()
}

/// `七年级1、2、3班、八年级1班`: what names of classes in a row share is written once.
fn together(classes: &[String], and: &str) -> String {
    let parts = |name: &str| {
        let end = name.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
        let begin = name[..end]
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
        (name[..begin].to_owned(), name[begin..end].to_owned(), name[end..].to_owned())
    };
    let mut groups: Vec<(String, Vec<String>, String)> = Vec::new();
    for class in classes {
        let (before, number, after) = parts(class);
        match groups.last_mut() {
            Some((b, numbers, a)) if *b == before && *a == after && !number.is_empty() => {
                numbers.push(number)
            }
            _ => groups.push((before, vec![number], after)),
        }
    }
    let group = |(before, numbers, after): (String, Vec<String>, String)| {
        format!("{before}{}{after}", numbers.join(and))
    };
    groups.into_iter().map(group).collect::<Vec<_>>().join(and)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_in_a_row_share_their_grade() {
        let told =
            |names: &[&str]| together(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>(), "、");
        assert_eq!(told(&["七年级1班", "七年级2班", "七年级10班"]), "七年级1、2、10班");
        assert_eq!(told(&["七年级1班", "八年级1班"]), "七年级1班、八年级1班");
        assert_eq!(told(&["实验班", "实验班乙", "2023级1班"]), "实验班、实验班乙、2023级1班");
        assert_eq!(told(&[]), "");
    }
}
