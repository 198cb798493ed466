//! What the content check found, by place: a fix with one tap where it is
//! certain, a reason where people have to judge.

use std::collections::BTreeMap;

use domain::content::{Finding, Severity};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Card, FormField, Icon, IconName, TextInput, Tone, t};
use wasm_bindgen::JsCast;

use super::form::Form;

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Hint => Tone::Info,
        Severity::Explain => Tone::Warning,
        Severity::Block => Tone::Danger,
    }
}

fn severity_words(severity: Severity) -> Words {
    match severity {
        Severity::Hint => Words::fixed("提示", "Hint"),
        Severity::Explain => Words::fixed("请修改或说明", "Change or explain"),
        Severity::Block => Words::fixed("必须修改", "Has to change"),
    }
}

fn field_words(field: &str) -> Words {
    if field == "title" { Words::fixed("标题", "Title") } else { Words::fixed("正文", "Text") }
}

/// The place with a few characters around it.
fn quote(text: &str, finding: &Finding) -> (String, String, String) {
    const AROUND: usize = 8;
    let chars: Vec<char> = text.chars().collect();
    let end = (finding.start + finding.len).min(chars.len());
    let start = finding.start.min(end);
    let from = start.saturating_sub(AROUND);
    let to = (end + AROUND).min(chars.len());
    let part = |a: usize, b: usize| chars[a..b].iter().collect::<String>().replace('\n', " ");
    let dots = |is_cut: bool| if is_cut { "…" } else { "" };
    (
        format!("{}{}", dots(from > 0), part(from, start)),
        part(start, end),
        format!("{}{}", part(end, to), dots(to < chars.len())),
    )
}

/// A text with a finding's fix put in.
fn fixed(text: &str, finding: &Finding, fix: &str) -> String {
    let before: String = text.chars().take(finding.start).collect();
    let after: String = text.chars().skip(finding.start + finding.len).collect();
    format!("{before}{fix}{after}")
}

/// The findings while writing.
#[component]
pub fn LiveFindings(form: Form, findings: Memo<Vec<Finding>>) -> impl IntoView {
    // The rules that ask for a reason: their fields must not be built anew
    // with every letter, or the focus would be lost.
    let to_explain = Memo::new(move |_| {
        findings.with(|all| {
            let mut rules: BTreeMap<String, Words> = BTreeMap::new();
            for f in all.iter().filter(|f| f.severity == Severity::Explain) {
                rules.entry(f.rule.to_string()).or_insert_with(|| f.words.clone());
            }
            rules.into_iter().collect::<Vec<_>>()
        })
    });
    let rows = move || {
        let all = findings.get();
        all.into_iter().map(|f| live(form, f)).collect::<Vec<_>>()
    };
    let reasons = move |(rule, words): (String, Words)| view! { <ReasonField form rule words /> };
    let count = move || findings.with(Vec::len);
    let summary = ui::tw(move || {
        let n = count();
        if n == 0 {
            Words::fixed("没有发现问题", "Nothing found")
        } else {
            words!("发现 {n} 处", "{n} found")
        }
    });
    let blank = move || form.title.with(String::is_empty) && form.body.with(String::is_empty);
    view! {
        <div hidden=blank>
        <Card title=t(Words::fixed("内容检查", "Content check"))>
            <p class="x-small x-muted" aria-live="polite">{summary}</p>
            <ul class="m-findings" hidden=move || count() == 0>{rows}</ul>
            <For each=move || to_explain.get() key=|(rule, _)| rule.clone() children=reasons />
        </Card>
        </div>
    }
    .into_any()
}

fn live(form: Form, finding: Finding) -> AnyView {
    let is_title = finding.field == "title";
    let source = if is_title { form.title } else { form.body };
    let (before, place, after) = source.with_untracked(|text| quote(text, &finding));
    let fix = finding.fix.clone().map(|fix| {
        let label = if fix.is_empty() {
            Words::fixed("删去", "Remove it")
        } else {
            words!("改为“{fix}”", "Change to “{fix}”")
        };
        let finding = finding.clone();
        view! {
            <Button
                label=t(label)
                on_click=move |()| source.update(|text| *text = fixed(text, &finding, &fix))
            />
        }
    });
    let (start, len) = (finding.start, finding.len);
    let show = move |()| select(is_title, &source.get_untracked(), start, len);
    view! {
        <li class="m-finding">
            <p class="x-row">
                <Badge tone=tone(finding.severity) label=t(severity_words(finding.severity)) />
                <span class="x-small x-muted">{t(field_words(&finding.field))}</span>
            </p>
            <p>{t(finding.words)}</p>
            <p class="m-quote" lang="zh-CN">{before}<mark>{place}</mark>{after}</p>
            <div class="x-row">
                {fix}
                <Button
                    label=t(Words::fixed("看位置", "Show me"))
                    kind=ButtonKind::Quiet
                    icon=IconName::Search
                    on_click=show
                />
            </div>
        </li>
    }
    .into_any()
}

/// Why a finding should stand, for the approver to read.
#[component]
fn ReasonField(form: Form, rule: String, words: Words) -> impl IntoView {
    let stored = form.reasons.with_untracked(|r| r.get(&rule).cloned()).unwrap_or_default();
    let value = RwSignal::new(stored);
    Effect::new(move |_| {
        let reason = value.get();
        form.reasons.update(|r| {
            if reason.trim().is_empty() {
                r.remove(&rule);
            } else {
                r.insert(rule.clone(), reason);
            }
        });
    });
    let (zh, en) = (words.zh, words.en);
    let label = words!("如需保留，请说明理由", "To keep it, say why");
    let hint = t(words!("{zh}。审批人会看到您的理由。", "{en} The approver reads your reason."));
    view! {
        <FormField label=t(label) hint=Signal::derive(move || Some(hint.get()))>
            <TextInput value />
        </FormField>
    }
    .into_any()
}

/// Puts the cursor on a place of the title or the text.
fn select(is_title: bool, text: &str, start: usize, len: usize) {
    let units = |n: usize| text.chars().take(n).map(char::len_utf16).sum::<usize>() as u32;
    let (from, to) = (units(start), units(start + len));
    let selector = if is_title { "#m-title input" } else { "#m-body textarea" };
    let Ok(Some(element)) = document().query_selector(selector) else { return };
    // Nothing is lost where a browser refuses to select.
    if let Some(input) = element.dyn_ref::<leptos::web_sys::HtmlInputElement>() {
        let _ = input.focus();
        let _ = input.set_selection_range(from, to);
    } else if let Some(area) = element.dyn_ref::<leptos::web_sys::HtmlTextAreaElement>() {
        let _ = area.focus();
        let _ = area.set_selection_range(from, to);
    }
}

/// The findings of a submitted message, with the drafter's reasons.
#[component]
pub fn FoundBefore(
    findings: Vec<Finding>,
    title: String,
    body: String,
    reasons: BTreeMap<String, String>,
) -> impl IntoView {
    let rows: Vec<_> = findings
        .into_iter()
        .map(|f| {
            let (before, place, after) = quote(if f.field == "title" { &title } else { &body }, &f);
            let reason = reasons.get(f.rule.as_ref()).filter(|_| f.severity == Severity::Explain).cloned();
            let reason = reason.map(|reason| {
                view! {
                    <p class="m-reason">
                        <span class="x-muted">{t(Words::fixed("起草人说明：", "Drafter's reason: "))}</span>
                        {reason}
                    </p>
                }
            });
            view! {
                <li class="m-finding">
                    <p class="x-row">
                        <Badge tone=tone(f.severity) label=t(severity_words(f.severity)) />
                        <span class="x-small x-muted">{t(field_words(&f.field))}</span>
                    </p>
                    <p>{t(f.words)}</p>
                    <p class="m-quote" lang="zh-CN">{before}<mark>{place}</mark>{after}</p>
                    {reason}
                </li>
            }
        })
        .collect();
    if rows.is_empty() {
        return view! {
            <p class="x-row x-muted">
                <Icon name=IconName::Done />
                {t(Words::fixed("没有发现问题", "Nothing found"))}
            </p>
        }
        .into_any();
    }
    view! { <ul class="m-findings">{rows}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(start: usize, len: usize) -> Finding {
        Finding {
            rule: "typo".into(),
            severity: Severity::Block,
            field: "body".into(),
            start,
            len,
            words: Words::fixed("错别字", "Typo"),
            fix: None,
        }
    }

    #[test]
    fn places_are_counted_in_characters() {
        let text = "家长们好🙂已后请准时到校，谢谢大家的配合";
        assert_eq!(fixed(text, &finding(5, 2), "以后"), "家长们好🙂以后请准时到校，谢谢大家的配合");
        let (before, place, after) = quote(text, &finding(5, 2));
        assert_eq!(
            (before.as_str(), place.as_str(), after.as_str()),
            ("家长们好🙂", "已后", "请准时到校，谢谢…")
        );
    }

    #[test]
    fn a_place_beyond_the_text_is_no_panic() {
        assert_eq!(quote("短", &finding(9, 3)).1, "");
        assert_eq!(fixed("短", &finding(9, 3), "x"), "短x");
    }
}
