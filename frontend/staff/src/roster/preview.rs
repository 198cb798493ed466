//! What a roster file would do: who is whom, what the file does not say, what
//! changes and what is lacking, findings by row.

use domain::roster::{
    Answer, ImportCounts, ImportKind, ImportPreview, MAX_FINDINGS, PersonAnswer, RowFinding, RowLevel,
};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Banner, Card, CheckOption, EmptyState, IconName, Segmented, Stat, Tone, t, use_lang};

use super::changes::Changes;
use super::offers::Offers;
use super::persons::Persons;
use super::questions::Questions;

/// Rows shown at once; more on demand, so that a phone stays quick.
const ROWS_AT_ONCE: usize = 50;

/// The whole preview but its buttons.
#[component]
pub fn PreviewPart(
    /// The preview.
    preview: ImportPreview,
    /// The answers, filled in with the suggestions.
    answers: RwSignal<Vec<Answer>>,
    /// Who is whom, as far as it is answered.
    persons: RwSignal<Vec<PersonAnswer>>,
    /// What is ticked.
    ticked: RwSignal<Vec<String>>,
    /// Whether applying was tried: then open questions show their error.
    tried: Signal<bool>,
) -> impl IntoView {
    let ImportPreview {
        kind,
        encoding,
        counts,
        findings,
        questions,
        others,
        changes,
        offers,
        offers_left_out,
        ..
    } = preview;
    let sound = counts.errors == 0 && others.is_empty();
    let asked = others.len();
    let headline = match (sound, counts.valid) {
        _ if asked > 0 => (
            Tone::Warning,
            words!(
                "有 {asked} 行与名单上的人对不上，请逐行说明；没有说明的不会导入",
                "Rows that name other people than the roll: {asked}. Say for each what it means; until then it is left out"
            ),
        ),
        (_, 0) => (
            Tone::Danger,
            Words::fixed(
                "没有一行可以导入，请按下面的提示修改文件",
                "No row can be imported: correct the file as told below",
            ),
        ),
        (true, n) => (Tone::Good, words!("{n} 行全部可以导入", "All {n} rows can be imported")),
        (false, n) => {
            let bad = counts.errors;
            (
                Tone::Warning,
                words!(
                    "{n} 行可以导入，{bad} 行有错误、会被跳过；改好后可以再导入一次",
                    "{n} rows can be imported; {bad} have errors and are left out. Correct them and import again"
                ),
            )
        }
    };
    view! {
        <Banner tone=headline.0 title=t(headline.1)>
            <p>
                {t(words!(
                    "文件编码：{encoding}。现在什么都还没有改动。",
                    "Encoding: {encoding}. Nothing has been changed yet."
                ))}
            </p>
        </Banner>
        {(!others.is_empty()).then(|| view! { <Persons others persons tried /> })}
        {(!questions.is_empty()).then(|| view! { <Questions questions answers tried /> })}
        <Counts kind counts />
        <Changes changes />
        {(!offers.is_empty()).then(|| view! { <Offers offers left_out=offers_left_out ticked /> })}
        <Findings findings />
    }
    .into_any()
}

#[component]
fn Counts(kind: ImportKind, counts: ImportCounts) -> impl IntoView {
    let students = (kind == ImportKind::Students).then(|| {
        let tone = if counts.unreachable == 0 { Tone::Good } else { Tone::Warning };
        view! {
            <Stat label=t(Words::fixed("家长", "Parents")) value=counts.guardians.to_string() />
            <Stat label=t(Words::fixed("接收手机号", "Receiving numbers")) value=counts.phones.to_string() />
            <Stat
                label=t(Words::fixed("短信联系不上的学生", "Students no SMS reaches"))
                value=counts.unreachable.to_string()
                tone
            />
        }
    });
    let errors = if counts.errors == 0 { Tone::Neutral } else { Tone::Danger };
    let repaired = if counts.repaired == 0 { Tone::Neutral } else { Tone::Info };
    view! {
        <Card title=t(Words::fixed("导入后会怎样", "What it would do"))>
            <dl class="x-stats">
                <Stat label=t(Words::fixed("新增", "New")) value=counts.added.to_string() tone=Tone::Good />
                <Stat label=t(Words::fixed("变动", "Changed")) value=counts.changed.to_string() />
                <Stat label=t(Words::fixed("不变", "Unchanged")) value=counts.same.to_string() />
                <Stat label=t(Words::fixed("班级", "Classes")) value=counts.classes.to_string() />
                {students}
                <Stat label=t(Words::fixed("已自动修正", "Repaired")) value=counts.repaired.to_string() tone=repaired />
                <Stat label=t(Words::fixed("有错误", "With errors")) value=counts.errors.to_string() tone=errors />
            </dl>
        </Card>
    }
    .into_any()
}

fn level_words(level: RowLevel) -> (Tone, Words) {
    match level {
        RowLevel::Error => (Tone::Danger, Words::fixed("错误", "Error")),
        RowLevel::Repaired => (Tone::Info, Words::fixed("已修正", "Repaired")),
        RowLevel::Warning => (Tone::Warning, Words::fixed("请留意", "Look at this")),
    }
}

fn level_key(level: RowLevel) -> &'static str {
    match level {
        RowLevel::Error => "error",
        RowLevel::Repaired => "repaired",
        RowLevel::Warning => "warning",
    }
}

#[component]
fn Findings(findings: Vec<RowFinding>) -> impl IntoView {
    if findings.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Done
                    title=t(Words::fixed("每一行都没有问题", "Nothing to remark on any row"))
                />
            </Card>
        }
        .into_any();
    }
    let lang = use_lang();
    let filter = RwSignal::new("all".to_owned());
    let limit = RwSignal::new(ROWS_AT_ONCE);
    let total = findings.len();
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    let counts = [
        (RowLevel::Error, count(RowLevel::Error)),
        (RowLevel::Warning, count(RowLevel::Warning)),
        (RowLevel::Repaired, count(RowLevel::Repaired)),
    ];
    let options = Signal::derive(move || {
        let lang = lang.get();
        let mut options =
            vec![CheckOption::new("all", Words::fixed("全部", "All").get(lang)).note(total.to_string())];
        for (level, n) in counts.iter().filter(|(_, n)| *n > 0) {
            options.push(
                CheckOption::new(level_key(*level), level_words(*level).1.get(lang)).note(n.to_string()),
            );
        }
        options
    });
    let findings = StoredValue::new(findings);
    let matching = Memo::new(move |_| {
        let wanted = filter.get();
        findings.with_value(|f| {
            (0..f.len()).filter(|i| wanted == "all" || level_key(f[*i].level) == wanted).collect::<Vec<_>>()
        })
    });
    let rows = move || {
        let places = matching.get();
        findings
            .with_value(|f| places.iter().take(limit.get()).map(|i| finding_row(&f[*i])).collect::<Vec<_>>())
    };
    let rest = Memo::new(move |_| matching.with(Vec::len).saturating_sub(limit.get()));
    let capped = (total >= MAX_FINDINGS).then(|| {
        view! {
            <p class="s-pad x-small x-muted">
                {t(words!(
                    "只列出前 {MAX_FINDINGS} 条；改好后重新上传可看到其余的。",
                    "Only the first {MAX_FINDINGS} are listed; correct them and upload again to see the rest."
                ))}
            </p>
        }
    });
    view! {
        <Card title=t(Words::fixed("逐行检查", "Row by row"))>
            <Segmented label=t(Words::fixed("按类型筛选", "Filter by kind")) options value=filter />
            <div class="s-bleed">
                <table class="x-table s-findings">
                    <thead>
                        <tr>
                            <th scope="col">{t(Words::fixed("行", "Row"))}</th>
                            <th scope="col">{t(Words::fixed("类型", "Kind"))}</th>
                            <th scope="col">{t(Words::fixed("列", "Column"))}</th>
                            <th scope="col">{t(Words::fixed("原来的内容", "What is there"))}</th>
                            <th scope="col">{t(Words::fixed("说明", "What about it"))}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {capped}
            <Show when=move || rest.with(|n| *n > 0)>
                <ui::Button
                    label=ui::tw(move || {
                        let n = rest.get();
                        words!("再显示一些（还有 {n} 条）", "Show more ({n} left)")
                    })
                    on_click=move |()| limit.update(|l| *l += ROWS_AT_ONCE)
                />
            </Show>
        </Card>
    }
    .into_any()
}

fn finding_row(finding: &RowFinding) -> AnyView {
    let (tone, level) = level_words(finding.level);
    let row = finding.row;
    view! {
        <tr>
            <td class="x-num">{t(words!("第 {row} 行", "Row {row}"))}</td>
            <td>
                <Badge tone label=t(level) />
            </td>
            <td>{finding.column.clone()}</td>
            <td class="s-cell">{finding.value.clone()}</td>
            <td>{t(finding.words.clone())}</td>
        </tr>
    }
    .into_any()
}
