//! `/register`: the register as a table on a desk and as cards on a phone,
//! searched, paged, printed by month, and saved as CSV or Excel.

use domain::api::{self, Address};
use domain::approval::StepKind;
use domain::ids::UnitId;
use domain::message::MessageState;
use domain::problem::Problem;
use domain::register::{MonthTotal, RegisterCursor, RegisterEntry, RegisterPage as Entries, Sought, csv};
use domain::school::UnitView;
use domain::time::Instant;
use domain::words;
use domain::words::{Lang, Words};
use leptos::prelude::*;
use ui::{
    Badge, Button, Card, EmptyState, ErrorState, FormField, IconName, Page, Select, SelectOption, TextInput,
    t, tw, use_lang, use_toasts,
};

use super::download::{self, CSV, XLSX};
use super::table::{cells, filed, heads, person};
use super::workbook::workbook;
use crate::api::{Api, Order, Query, use_api};
use crate::common::{Loaded, state_tone};
use crate::message::title_or_none;
use crate::route::Route;
use crate::session::use_me;

/// States that a message with a number can be in, for the filter.
const STATES: [MessageState; 9] = [
    MessageState::Submitted,
    MessageState::Returned,
    MessageState::Approved,
    MessageState::Sending,
    MessageState::Paused,
    MessageState::Sent,
    MessageState::Stopped,
    MessageState::Withdrawn,
    MessageState::Cancelled,
];

/// Most lines of a file or of a printed month: what a browser holds with ease.
const FILE_MAX: usize = 10_000;

/// What is looked for.
#[derive(Clone, Copy)]
struct Filter {
    sought: RwSignal<String>,
    unit: RwSignal<String>,
    state: RwSignal<String>,
    /// `2026-11`, or empty.
    month: RwSignal<String>,
}

/// A choice that was made, as it is asked for.
#[derive(Clone, PartialEq)]
struct Asked {
    sought: String,
    unit: Option<UnitId>,
    state: Option<MessageState>,
    month: String,
}

impl Filter {
    fn asked(self) -> Asked {
        Asked {
            sought: self.sought.with(|s| s.trim().to_owned()),
            unit: self.unit.with(|u| u.parse().ok()),
            state: self.state.with(|s| MessageState::from_key(s)),
            month: self.month.get(),
        }
    }
}

impl Asked {
    fn address(&self) -> Address<(), Entries> {
        let mut to: Address<(), Entries> = api::REGISTER.into();
        if !self.sought.is_empty() {
            to = to.with(api::SOUGHT, Sought(self.sought.clone()));
        }
        if let Some(unit) = self.unit {
            to = to.with(api::OF_UNIT, unit);
        }
        if let Some(state) = self.state {
            to = to.with(api::IN_STATE, state);
        }
        if let Some((since, until)) = bounds(&self.month) {
            to = to.with(api::SINCE, since).with(api::UNTIL, until);
        }
        to
    }

    fn behind(&self, next: RegisterCursor) -> Address<(), Entries> {
        self.address().with(api::BEFORE, next.before).with(api::BEFORE_AT, next.before_at)
    }
}

/// Begin and end of a month `2026-11` in Shanghai.
fn bounds(month: &str) -> Option<(Instant, Instant)> {
    let (year, number) = month.split_once('-')?;
    let (year, number): (u32, u32) = (year.parse().ok()?, number.parse().ok()?);
    let after = if number == 12 { (year + 1, 1) } else { (year, number + 1) };
    let first = |(year, month): (u32, u32)| Instant::from_local(&format!("{year:04}-{month:02}-01T00:00"));
    Some((first((year, number))?, first(after)?))
}

/// The last twelve months, this one first.
fn months(now: Instant) -> Vec<String> {
    let date = now.date();
    let (mut year, mut month) = (now.year(), date.get(5..7).and_then(|m| m.parse().ok()).unwrap_or(1_u32));
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(format!("{year:04}-{month:02}"));
        (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
    }
    all
}

/// `2026年11月`.
fn month_words(month: &str) -> Words {
    let (year, number) = month.split_once('-').unwrap_or((month, ""));
    let number = number.trim_start_matches('0');
    words!("{year}年{number}月", "{year}-{number}")
}

/// `/register`.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let (api, lang, me, toasts) = (use_api(), use_lang(), use_me(), use_toasts());
    let filter = Filter {
        sought: RwSignal::default(),
        unit: RwSignal::default(),
        state: RwSignal::default(),
        month: RwSignal::default(),
    };
    let asked = Memo::new(move |_| filter.asked());
    let first = Query::new(move || asked.get().address());
    let order = Order::new();
    let (busy, problem) = (order.busy(), order.problem());
    // What is printed: the whole choice, not the page on the screen.
    let printed = RwSignal::new(None::<Vec<RegisterEntry>>);
    let all = move || {
        let asked = asked.get_untracked();
        async move { all_of(api, &asked).await }
    };
    let save = move |save: fn(Vec<RegisterEntry>, Lang) -> Result<(), ()>| {
        order.follow(all(), move |all| {
            if save(all, lang.get_untracked()).is_err() {
                let refused = Words::fixed(
                    "浏览器没能保存文件，请换系统浏览器打开再试",
                    "The browser did not save the file: try another one",
                );
                toasts.show(ui::Tone::Danger, refused);
            }
        });
    };
    let as_csv = move |()| save(save_csv);
    let as_xlsx = move |()| save(save_xlsx);
    let print = move |()| {
        order.follow(all(), move |all| {
            let _ = printed.try_set(Some(all));
            // Printed once the table stands in the page.
            set_timeout(|| drop(window().print()), std::time::Duration::from_millis(50));
        });
    };
    let actions = move || {
        view! {
            <Button label=t(Words::name("CSV")) icon=IconName::Import busy on_click=as_csv />
            <Button label=t(Words::name("Excel")) icon=IconName::Import busy on_click=as_xlsx />
            <Button label=t(Words::fixed("打印", "Print")) icon=IconName::Print busy on_click=print />
        }
    };
    let school = move || me.with(|m| m.school.name.clone());
    let paper = move || {
        printed.get().map(|all| {
            let month = filter.month.get_untracked();
            view! { <Paper school=school() month all /> }
        })
    };
    view! {
        <Page title=t(Words::fixed("登记簿", "Register")) actions=actions>
            <div class="x-no-print x-stack">
                <Filters filter />
                {move || problem.get().map(|problem| view! { <ErrorState problem /> })}
                <Loaded
                    query=first
                    lines=10
                    show=move |page| {
                        let asked = asked.get_untracked();
                        if page.entries.is_empty() { nothing() } else { view! { <Lines page asked /> }.into_any() }
                    }
                />
                <Totals />
            </div>
            {paper}
        </Page>
    }
    .into_any()
}

/// Every line of a choice, page by page.
async fn all_of(api: Api, asked: &Asked) -> Result<Vec<RegisterEntry>, Problem> {
    let mut all = Vec::new();
    let mut from = asked.address();
    loop {
        let page = api.get(from).await?;
        all.extend(page.entries);
        match page.next.filter(|_| all.len() < FILE_MAX) {
            Some(next) => from = asked.behind(next),
            None => return Ok(all),
        }
    }
}

fn rows(all: &[RegisterEntry], lang: Lang) -> Vec<Vec<String>> {
    std::iter::once(heads(lang)).chain(all.iter().map(|entry| cells(entry, lang))).collect()
}

fn name(lang: Lang) -> String {
    Words::fixed("登记簿", "register").get(lang).to_owned()
}

fn save_csv(all: Vec<RegisterEntry>, lang: Lang) -> Result<(), ()> {
    download::save(&format!("{}.csv", name(lang)), CSV, csv(&rows(&all, lang)).as_bytes()).map_err(drop)
}

fn save_xlsx(all: Vec<RegisterEntry>, lang: Lang) -> Result<(), ()> {
    let file = workbook(&name(lang), &rows(&all, lang)).map_err(drop)?;
    download::save(&format!("{}.xlsx", name(lang)), XLSX, &file).map_err(drop)
}

#[component]
fn Filters(filter: Filter) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let units = Query::new(|| api::UNITS.into());
    let unit_options = Signal::derive(move || {
        let all: Vec<UnitView> = units.value().unwrap_or_default();
        let mut options = vec![SelectOption::new("", Words::fixed("全部单位", "All units").get(lang.get()))];
        options.extend(all.into_iter().map(|u| SelectOption::new(u.id.to_string(), u.name)));
        options
    });
    let states = Signal::derive(move || {
        let lang = lang.get();
        let mut options = vec![SelectOption::new("", Words::fixed("全部状态", "Any state").get(lang))];
        options.extend(STATES.map(|s| SelectOption::new(s.key(), s.title().get(lang))));
        options
    });
    let now = me.with_untracked(|m| m.now);
    let periods = Signal::derive(move || {
        let lang = lang.get();
        let mut options = vec![SelectOption::new("", Words::fixed("全部时间", "Any time").get(lang))];
        options
            .extend(months(now).into_iter().map(|m| SelectOption::new(m.clone(), month_words(&m).get(lang))));
        options
    });
    // A search begins when the typing pauses.
    let typed = RwSignal::new(String::new());
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |first: Option<()>| {
        let text = typed.get();
        if first.is_none() {
            return;
        }
        if let Some(Some(before)) = waiting.try_update_value(Option::take) {
            before.clear();
        }
        let search = move || drop(filter.sought.try_set(text.clone()));
        waiting.set_value(set_timeout_with_handle(search, std::time::Duration::from_millis(400)).ok());
    });
    view! {
        <Card>
            <div class="r-filters">
                <FormField label=t(Words::fixed("查找", "Search"))>
                    <TextInput
                        value=typed
                        kind="search"
                        placeholder=t(Words::fixed("标题、起草人或发送身份", "Title, drafter or sender"))
                    />
                </FormField>
                <FormField label=t(Words::fixed("单位", "Unit"))>
                    <Select value=filter.unit options=unit_options />
                </FormField>
                <FormField label=t(Words::fixed("状态", "State"))>
                    <Select value=filter.state options=states />
                </FormField>
                <FormField label=t(Words::fixed("登记月份", "Month"))>
                    <Select value=filter.month options=periods />
                </FormField>
            </div>
        </Card>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! {
        <Card>
            <EmptyState
                icon=IconName::Book
                title=t(Words::fixed("没有符合条件的登记", "Nothing in the register fits"))
                note=t(Words::fixed(
                    "通知第一次报批时登记编号；这里只列出您能查看的通知。",
                    "A notice takes its number when it is first submitted. Only those that you may see are listed.",
                ))
            />
        </Card>
    }
    .into_any()
}

#[component]
fn Lines(page: Entries, asked: Asked) -> impl IntoView {
    let entries = RwSignal::new(page.entries);
    let next = RwSignal::new(page.next);
    let order = Order::new();
    let (busy, problem) = (order.busy(), order.problem());
    let asked = StoredValue::new(asked);
    let older = move |()| {
        let Some(cursor) = next.get_untracked() else { return };
        order.read(asked.with_value(|asked| asked.behind(cursor)), move |page| {
            let _ = next.try_set(page.next);
            let _ = entries.try_update(|e| e.extend(page.entries));
        });
    };
    view! {
        <Card flush=true>
            <table class="x-table r-table">
                <thead>
                    <tr>
                        <th scope="col">{t(Words::fixed("登记号", "Number"))}</th>
                        <th scope="col">{t(Words::fixed("标题", "Title"))}</th>
                        <th scope="col">{t(Words::fixed("起草", "Drafted by"))}</th>
                        <th scope="col">{t(Words::fixed("审核", "Reviewed by"))}</th>
                        <th scope="col">{t(Words::fixed("审批", "Approved by"))}</th>
                        <th scope="col">{t(Words::fixed("发送", "Sent"))}</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || entries.get() key=|e| e.id children=line />
                </tbody>
            </table>
        </Card>
        {move || problem.get().map(|problem| view! { <ErrorState problem /> })}
        <Show when=move || next.with(Option::is_some)>
            <Button label=t(Words::fixed("看更早的", "Older ones")) busy block=true on_click=older />
        </Show>
    }
    .into_any()
}

fn line(entry: RegisterEntry) -> AnyView {
    let lang = use_lang();
    let signed = |kind| {
        let signatures = entry.signed(kind).into_iter().cloned().collect::<Vec<_>>();
        let each = move || {
            let name = |s: &domain::register::Signature| view! { <span class="r-name">{person(s).get(lang.get()).to_owned()}</span> };
            signatures.iter().map(name).collect::<Vec<_>>()
        };
        view! { {each} }
    };
    // A step that nobody has taken has no line on a phone.
    let none = |kind| entry.signed(kind).is_empty();
    let label = move |words: Words| move || words.get(lang.get()).to_owned();
    let (state, released) = (entry.state, entry.released_at);
    let sent = move || {
        released.map(|at| {
            let label = t(Words::fixed("发送 ", "Sent "));
            view! { <span class="r-sent">{label}</span> <span class="s-nowrap">{at.date_time()}</span> }
        })
    };
    let (number, audience) = (entry.number.words(), entry.audience.clone());
    let registered = entry.registered_at.date_time();
    let filing = |f: &domain::register::Filed| view! { <span class="x-small r-under">{t(filed(f))}</span> };
    let filings = entry.filed.iter().map(filing).collect::<Vec<_>>();
    view! {
        <tr>
            <th scope="row" class="x-num r-number">
                <a href=Route::Sheet(entry.id).path()>{t(number)}</a>
                <span class="x-small x-muted">{registered}</span>
            </th>
            <td>
                <a href=Route::Message(entry.id).path()>{t(title_or_none(&entry.title))}</a>
                <span class="x-small x-muted r-under">{t(audience)}</span>
            </td>
            <td data-label=label(Words::fixed("起草", "Drafted by"))>
                <span>
                    {entry.drafter.clone()} <span class="x-small x-muted r-under">{entry.sender.clone()}</span>
                </span>
            </td>
            <td class:r-none=none(StepKind::Review) data-label=label(Words::fixed("审核", "Reviewed by"))>
                <span>{signed(StepKind::Review)}</span>
            </td>
            <td class:r-none=none(StepKind::Approve) data-label=label(Words::fixed("审批", "Approved by"))>
                <span>{signed(StepKind::Approve)}</span>
            </td>
            <td class="x-num">
                <Badge tone=state_tone(state) label=tw(move || state.title()) />
                <span class="x-small x-muted r-under">{sent}</span>
                {filings}
            </td>
        </tr>
    }
    .into_any()
}

/// What each unit sent, by month: open to all staff (G64).
#[component]
fn Totals() -> impl IntoView {
    let totals = Query::new(|| api::REGISTER_TOTALS.into());
    let show = move |all: Vec<MonthTotal>| {
        if all.is_empty() {
            return ().into_any();
        }
        let row = |total: MonthTotal| {
            let MonthTotal { month, unit_name, registered, sent, phones, .. } = total;
            let words = month_words(&month);
            view! {
                <tr>
                    <td>{t(words)}</td>
                    <td lang="zh-CN">{unit_name}</td>
                    <td class="x-num">{registered}</td>
                    <td class="x-num">{sent}</td>
                    <td class="x-num">{phones}</td>
                </tr>
            }
        };
        view! {
            <Card title=t(Words::fixed("今年各单位按月合计", "This year, by month and unit")) flush=true>
                <table class="x-table r-totals">
                    <thead>
                        <tr>
                            <th scope="col">{t(Words::fixed("月份", "Month"))}</th>
                            <th scope="col">{t(Words::fixed("单位", "Unit"))}</th>
                            <th scope="col">{t(Words::fixed("登记", "Registered"))}</th>
                            <th scope="col">{t(Words::fixed("已发送", "Sent"))}</th>
                            <th scope="col">{t(Words::fixed("手机数", "Phones"))}</th>
                        </tr>
                    </thead>
                    <tbody>{all.into_iter().map(row).collect::<Vec<_>>()}</tbody>
                </table>
            </Card>
        }
        .into_any()
    };
    view! { <Loaded query=totals lines=4 show /> }.into_any()
}

/// What leaves the printer: the whole choice as one table, on landscape paper.
#[component]
fn Paper(school: String, month: String, all: Vec<RegisterEntry>) -> impl IntoView {
    let lang = use_lang();
    /// Columns that paper has no room for: capacity, statement, digest and who asked stand on each message's sheet.
    const LEFT_OUT: [usize; 5] = [1, 8, 15, 16, 17];
    let keep = |cells: Vec<String>| {
        let kept = cells.into_iter().enumerate().filter(|(at, _)| !LEFT_OUT.contains(at));
        kept.map(|(_, cell)| cell).collect::<Vec<_>>()
    };
    let n = all.len();
    let caption = tw(move || {
        let words = if month.is_empty() { Words::name("") } else { month_words(&month) };
        let (zh, en) = (words.zh, words.en);
        words!("{school}信息发送登记簿 {zh}（共 {n} 条）", "{school}: register of notices {en} ({n})")
    });
    let table = move || {
        let lang = lang.get();
        let head =
            keep(heads(lang)).into_iter().map(|h| view! { <th scope="col">{h}</th> }).collect::<Vec<_>>();
        let row = |entry: &RegisterEntry| {
            let cell = |c: String| view! { <td>{c}</td> };
            view! { <tr>{keep(cells(entry, lang)).into_iter().map(cell).collect::<Vec<_>>()}</tr> }
        };
        let body = all.iter().map(row).collect::<Vec<_>>();
        view! {
            <thead>
                <tr>{head}</tr>
            </thead>
            <tbody>{body}</tbody>
        }
    };
    view! {
        <div class="r-paper r-landscape">
            <table>
                <caption>{caption}</caption>
                {table}
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_bounds() {
        let date = |month| bounds(month).map(|(since, until)| (since.date_time(), until.date_time()));
        assert_eq!(date("2026-11"), Some(("2026-11-01 00:00".into(), "2026-12-01 00:00".into())));
        assert_eq!(date("2026-12"), Some(("2026-12-01 00:00".into(), "2027-01-01 00:00".into())));
        assert_eq!((date(""), date("2026-13"), date("x-y")), (None, None, None));
    }

    #[test]
    fn a_year_of_months_ends_with_this_one() {
        let all = months(Instant::from_local("2026-02-28T23:59").expect("a time"));
        assert_eq!(
            (all.len(), all[0].as_str(), all[2].as_str(), all[11].as_str()),
            (12, "2026-02", "2025-12", "2025-03")
        );
        assert_eq!(month_words("2026-02").zh, "2026年2月");
    }
}
