//! Shared templates (G63) where a notice is written: begin with one, or keep what is written as one.

use domain::api;
use domain::ids::UnitId;
use domain::message::Category;
use domain::template::{NewTemplate, TemplateView, keeps};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Dialog, EmptyState, FormField, IconName, Select, SelectOption, t, tw, use_lang,
    use_toasts,
};

use super::form::Form;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::session::use_me;

/// The line above the text of a notice.
#[component]
pub fn Templates(form: Form) -> impl IntoView {
    let open = RwSignal::new(false);
    // Read when they are first asked for.
    let shown = RwSignal::new(false);
    view! {
        <div class="m-templates">
            <Button
                label=t(Words::fixed("模板", "Templates"))
                kind=ButtonKind::Quiet
                icon=IconName::Book
                on_click=move |()| {
                    shown.set(true);
                    open.set(true);
                }
            />
        </div>
        <Dialog open title=t(Words::fixed("共享模板", "Shared templates"))>
            <div class="x-dialog-body">
                <Show when=move || shown.get()>
                    <Choose form open />
                </Show>
            </div>
            <div class="x-dialog-actions">
                <Button label=t(Words::fixed("关闭", "Close")) on_click=move |()| open.set(false) />
            </div>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Choose(form: Form, open: RwSignal<bool>) -> impl IntoView {
    let all = Query::new(|| api::TEMPLATES.into());
    let take = Callback::new(move |template: TemplateView| {
        form.title.set(template.title);
        form.body.set(template.body);
        if let Some(category) = template.category {
            form.category.set(category.key().to_owned());
        }
        open.set(false);
    });
    let show = move |list: Vec<TemplateView>| {
        if list.is_empty() {
            return view! {
                <EmptyState
                    icon=IconName::Book
                    title=t(Words::fixed("还没有共享模板", "No templates yet"))
                    note=t(Words::fixed(
                        "常用的通知可以存为模板，本单位的同事都能用。",
                        "Save a wording that is used often: everybody of the unit can begin with it.",
                    ))
                />
            }
            .into_any();
        }
        let rows = list.into_iter().map(|template| view! { <Row template take all /> }).collect::<Vec<_>>();
        view! { <ul class="x-list m-template-list">{rows}</ul> }.into_any()
    };
    view! {
        <Loaded query=all bare=true lines=4 show />
        <Keep form all />
    }
    .into_any()
}

#[component]
fn Row(template: TemplateView, take: Callback<TemplateView>, all: Query<Vec<TemplateView>>) -> impl IntoView {
    let order = Order::new();
    let toasts = use_toasts();
    let (id, may_remove) = (template.id, template.may_remove);
    let (unit, by) = (template.unit_name.clone(), template.by.clone());
    let note = words!("{unit} · {by}", "{unit} · {by}");
    let title = template.title.clone();
    let mut begin: String = template.body.chars().take(40).collect();
    if begin.len() < template.body.len() {
        begin.push('…');
    }
    let chosen = template.clone();
    let remove = move |()| {
        order.call(api::REMOVE_TEMPLATE.at(id), move |()| {
            toasts.done(Words::fixed("已移除模板", "Template taken away"));
            all.reload();
        });
    };
    view! {
        <li class="x-item m-template">
            <button type="button" class="x-item-words m-template-take" on:click=move |_| take.run(chosen.clone())>
                <span class="x-item-title" lang="zh-CN">{title}</span>
                <span class="x-item-note m-template-begin" lang="zh-CN">{begin}</span>
                <span class="x-item-note x-small">{t(note)}</span>
            </button>
            {may_remove
                .then(|| {
                    view! {
                        <Button
                            label=t(Words::fixed("移除", "Remove"))
                            kind=ButtonKind::Quiet
                            busy=order.busy()
                            on_click=remove
                        />
                    }
                })}
            <Problems order />
        </li>
    }
    .into_any()
}

/// Keeps what is written, for one of the units in which the writer sends.
#[component]
fn Keep(form: Form, all: Query<Vec<TemplateView>>) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let toasts = use_toasts();
    let order = Order::new();
    let mut units: Vec<(UnitId, String)> = me.with_untracked(|m| {
        let held = m.person.appointments.iter().filter(|held| keeps(&m.person, held.unit));
        held.map(|held| (held.unit, held.unit_name.clone())).collect()
    });
    units.sort();
    units.dedup();
    let chosen = RwSignal::new(units.first().map(|(id, _)| id.to_string()).unwrap_or_default());
    let several = units.len() > 1;
    let options = StoredValue::new(units);
    let options = Signal::derive(move || {
        lang.get();
        options.with_value(|units| {
            units.iter().map(|(id, name)| SelectOption::new(id.to_string(), name.clone())).collect::<Vec<_>>()
        })
    });
    let nothing = move || form.title.with(|t| t.trim().is_empty()) || form.body.with(|b| b.trim().is_empty());
    let keep = move |()| {
        let Some(unit) = chosen.with_untracked(|u| u.parse().ok()) else { return };
        let body = NewTemplate {
            unit,
            title: form.title.get_untracked(),
            body: form.body.get_untracked(),
            category: form.category.with_untracked(|c| Category::from_key(c)),
        };
        order.send(api::SAVE_TEMPLATE, &body, move |list| {
            toasts.done(Words::fixed("已存为模板", "Saved as a template"));
            all.set(list);
        });
    };
    let label = tw(move || match chosen.with(String::is_empty) {
        true => Words::fixed("您的岗位不能保存模板", "Your posts save no templates"),
        false => Words::fixed("把正在写的存为模板", "Save what is written as a template"),
    });
    view! {
        <div class="m-template-keep">
            <Problems order />
            {several
                .then(|| {
                    view! {
                        <FormField label=t(Words::fixed("存给哪个单位", "For which unit"))>
                            <Select value=chosen options />
                        </FormField>
                    }
                })}
            <Button
                label
                busy=order.busy()
                block=true
                disabled=Signal::derive(move || nothing() || chosen.with(String::is_empty))
                on_click=keep
            />
        </div>
    }
    .into_any()
}
