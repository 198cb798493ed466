//! What went out: this month's SMS and their price, and how the last days went.

use domain::sms_account::{DayOutcome, MonthVolume};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Card, Stat, t};

/// The card. The price is that of the account in use.
pub fn card(month: MonthVolume, days: Vec<DayOutcome>, price: Option<u32>) -> AnyView {
    let cost = price.map(|price| {
        let cost = month.cost(price);
        view! { <Stat label=t(Words::fixed("约合（元）", "About (yuan)")) value=cost /> }
    });
    let unknown = (month.unknown > 0).then(|| {
        let n = month.unknown;
        let words = words!(
            "另有 {n} 条结果待查，未计入。",
            "{n} more whose outcome is being found out are not counted."
        );
        view! { <p class="x-small x-muted">{t(words)}</p> }
    });
    let head = [
        Words::fixed("日期", "Day"),
        Words::fixed("提交", "Handed over"),
        Words::fixed("送达", "Delivered"),
        Words::fixed("待回执", "No word yet"),
        Words::fixed("失败", "Failed"),
        Words::fixed("失败率", "Failure rate"),
    ];
    let labels = head.clone();
    let rows = days.into_iter().filter(|day| day.handed > 0).map(|day| {
        let rate = day.error_rate();
        let cells = [day.handed, day.delivered, day.no_word + day.unknown, day.undelivered + day.rejected];
        let cells = cells.map(|n| n.to_string()).into_iter().chain([format!("{rate} %")]);
        let cells = cells.zip(labels.iter().skip(1)).map(|(value, label)| {
            view! { <td class="x-num" data-label=t(label.clone())>{value}</td> }
        });
        view! {
            <tr>
                <th scope="row" class="x-num">{day.day}</th>
                {cells.collect::<Vec<_>>()}
            </tr>
        }
    });
    let rows = rows.collect::<Vec<_>>();
    let table = if rows.is_empty() {
        view! { <p class="x-small x-muted">{t(Words::fixed("最近 7 天没有发送。", "Nothing went out in the last 7 days."))}</p> }
            .into_any()
    } else {
        let head =
            head.map(|words| view! { <th scope="col">{t(words)}</th> }).into_iter().collect::<Vec<_>>();
        view! {

                <table class="x-table">
                    <thead>
                        <tr>{head}</tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>

        }
        .into_any()
    };
    view! {
        <Card title=t(Words::fixed("本月用量", "This month"))>
            <dl class="x-stats">
                <Stat label=t(Words::fixed("短信（条）", "SMS")) value=month.sms.to_string() />
                <Stat label=t(Words::fixed("计费条数", "Parts charged")) value=month.parts.to_string() />
                {cost}
            </dl>
            {unknown}
            {table}
            <p class="x-small x-muted">
                {t(Words::fixed(
                    "按服务商已接收的短信估算，以服务商账单为准。余额预警请在服务商控制台设置。",
                    "Estimated from what the provider has taken; its bill counts. Set the balance alarm in the provider's console.",
                ))}
            </p>
        </Card>
    }
    .into_any()
}
