//! What the content check found, by place: a fix with one tap where it is
//! certain, a reason where people have to judge.

use std::collections::BTreeMap;

use domain::content::{Finding, Severity};
use domain::message::reason_field;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, FormField, Icon, IconName, TextInput, Tone, t};
use wasm_bindgen::JsCast;

use super::editor::Editor;
use super::errors::use_errors;
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

/// A finding among the others: while someone types, its place in the text moves, and this does not,
/// so that its row and the reason typed there stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row {
    field: String,
    rule: String,
    /// How many of the same rule stand before it in the field.
    nth: usize,
}

/// The rows of some findings, in their order.
fn rows(all: &[Finding]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for f in all {
        let nth = rows.iter().filter(|r| r.field == f.field && r.rule == f.rule).count();
        rows.push(Row { field: f.field.to_string(), rule: f.rule.to_string(), nth });
    }
    rows
}

impl Row {
    /// The finding as it now is.
    fn of<'a>(&self, all: &'a [Finding]) -> Option<&'a Finding> {
        all.iter().filter(|f| f.field == self.field && f.rule == self.rule).nth(self.nth)
    }

    /// Whether it asks for the reason that answers all places of its rule: the first one does.
    fn asks(&self, all: &[Finding]) -> bool {
        let first = all.iter().find(|f| f.rule == self.rule);
        first.is_some_and(|f| f.severity == Severity::Explain && f.field == self.field) && self.nth == 0
    }
}

/// The findings while writing.
#[component]
pub fn LiveFindings(form: Form, findings: Memo<Vec<Finding>>) -> impl IntoView {
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
    let row = move |row: Row| view! { <LiveFinding form findings row /> };
    view! {
        <div class="m-check" hidden=blank>
            <p class="x-small x-muted" role="status">
                {t(Words::fixed("内容检查：", "Content check: "))}
                {summary}
            </p>
            <ul class="m-findings" hidden=move || count() == 0>
                <For each=move || findings.with(|all| rows(all)) key=Clone::clone children=row />
            </ul>
        </div>
    }
    .into_any()
}

#[component]
fn LiveFinding(form: Form, findings: Memo<Vec<Finding>>, row: Row) -> impl IntoView {
    let (editor, errors) = (expect_context::<Editor>(), use_errors());
    let is_title = row.field == "title";
    let source = if is_title { form.title } else { form.body };
    let place = StoredValue::new(row.clone());
    // Nothing while the row is on its way out.
    let found = Memo::new(move |_| findings.with(|all| place.with_value(|p| p.of(all).cloned())));
    let asks = Memo::new(move |_| findings.with(|all| place.with_value(|p| p.asks(all))));
    let severity = Memo::new(move |_| found.with(|f| f.as_ref().map_or(Severity::Hint, |f| f.severity)));
    let words = ui::tw(move || found.with(|f| f.as_ref().map_or(Words::fixed("", ""), |f| f.words.clone())));
    let parts = move || found.get().map(|f| source.with(|text| quote(text, &f))).unwrap_or_default();
    let quoted = move || {
        let (before, place, after) = parts();
        view! { {before}<mark>{place}</mark>{after} }
    };
    let mended = Memo::new(move |_| found.with(|f| f.as_ref().and_then(|f| f.fix.clone())));
    let fix = move || {
        mended.get().map(|fix| {
            let label = if fix.is_empty() {
                Words::fixed("删去", "Remove it")
            } else {
                words!("改为“{fix}”", "Change to “{fix}”")
            };
            let mend = move |()| {
                if let Some(f) = found.get_untracked() {
                    source.update(|text| *text = fixed(text, &f, &fix));
                }
            };
            view! { <Button label=t(label) on_click=mend /> }
        })
    };
    let show = move |()| {
        if let Some(f) = found.get_untracked() {
            select(is_title, &source.get_untracked(), f.start, f.len);
        }
    };
    let is_wrong = move || editor.tried.get() && severity.get() == Severity::Block;
    let rule = row.rule.clone();
    let reason = move || {
        let rule = rule.clone();
        asks.get().then(|| {
            // What is wrong stands above: here only that the reason is missing.
            let (missing, why) = (errors.of(reason_field(&rule)), t(REASON_MISSING));
            let error = Signal::derive(move || missing.get().map(|_| why.get()));
            view! { <ReasonField form rule error /> }
        })
    };
    view! {
        <li class="m-finding" class:m-finding-wrong=is_wrong>
            <p class="x-row">
                {move || {
                    let severity = severity.get();
                    view! { <Badge tone=tone(severity) label=t(severity_words(severity)) /> }
                }}
                <span class="x-small x-muted">{t(field_words(&row.field))}</span>
            </p>
            <p>{words}</p>
            <p class="m-quote" lang="zh-CN">{quoted}</p>
            <div class="x-row">
                {fix}
                <Button
                    label=t(Words::fixed("看位置", "Show me"))
                    kind=ButtonKind::Quiet
                    icon=IconName::Search
                    on_click=show
                />
            </div>
            {reason}
        </li>
    }
    .into_any()
}

/// Why a finding should stand, for the approver to read.
#[component]
fn ReasonField(form: Form, rule: String, error: Signal<Option<String>>) -> impl IntoView {
    let stored = form.reasons.with_untracked(|r| r.get(&rule).cloned()).unwrap_or_default();
    let value = RwSignal::new(stored);
    // Another version of the draft may have been put into the form.
    let mine = rule.clone();
    Effect::new(move |_| {
        let given = form.reasons.with(|r| r.get(&mine).cloned()).unwrap_or_default();
        if value.with_untracked(|v| v.trim() != given.trim()) {
            value.set(given);
        }
    });
    Effect::new(move |before: Option<()>| {
        let reason = value.get();
        // What stands there already need not be put there.
        if before.is_none() {
            return;
        }
        form.reasons.update(|r| {
            if reason.trim().is_empty() {
                r.remove(&rule);
            } else {
                r.insert(rule.clone(), reason);
            }
        });
    });
    let label = t(Words::fixed("如需保留，请说明理由", "To keep it, say why"));
    let hint = t(Words::fixed("审批人会看到您的理由。", "The approver reads your reason."));
    view! {
        <FormField label hint=Signal::derive(move || Some(hint.get())) error>
            <TextInput value />
        </FormField>
    }
    .into_any()
}

const REASON_MISSING: Words =
    Words::fixed("请修改正文，或在这里说明理由", "Change the text, or give the reason here");

/// Puts the cursor on a place of the title or the text.
pub fn select(is_title: bool, text: &str, start: usize, len: usize) {
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

    fn of(field: &'static str, rule: &'static str, severity: Severity, start: usize) -> Finding {
        Finding { rule: rule.into(), severity, field: field.into(), start, ..finding(start, 2) }
    }

    #[test]
    fn a_reason_is_asked_for_at_its_first_finding_in_the_order_of_the_text() {
        use Severity::*;
        let all = [
            of("title", "fees", Explain, 0),
            of("body", "typo", Block, 1),
            of("body", "join_group", Explain, 5),
            of("body", "fees", Explain, 9),
            of("body", "join_group", Explain, 20),
        ];
        let rows = rows(&all);
        let shown: Vec<&str> = rows.iter().map(|r| r.of(&all).expect("a finding").rule.as_ref()).collect();
        assert_eq!(shown, ["fees", "typo", "join_group", "fees", "join_group"]);
        assert_eq!(rows.iter().map(|r| r.asks(&all)).collect::<Vec<_>>(), [true, false, true, false, false]);
        assert_eq!(rows[4].of(&all).map(|f| f.start), Some(20));
    }

    #[test]
    fn a_row_stays_the_same_while_its_place_moves() {
        let before = [of("body", "fees", Severity::Explain, 3), of("body", "fees", Severity::Explain, 9)];
        let after = [of("body", "fees", Severity::Explain, 5), of("body", "fees", Severity::Explain, 11)];
        assert_eq!(rows(&before), rows(&after));
        assert_eq!(rows(&before)[1].of(&after).map(|f| f.start), Some(11));
        assert_eq!(rows(&before)[1].of(&after[..1]), None);
    }

    #[test]
    fn a_place_beyond_the_text_is_no_panic() {
        assert_eq!(quote("短", &finding(9, 3)).1, "");
        assert_eq!(fixed("短", &finding(9, 3), "x"), "短x");
    }
}
