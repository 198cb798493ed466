//! What a roster file does not say and the office has to: custodians,
//! administrators, who heads what, and who is in charge of which departments.

use domain::roster::{Answer, Question};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, FormField, Select, SelectOption, t, use_lang};

/// All questions of a preview.
#[component]
pub fn Questions(
    /// The questions.
    questions: Vec<Question>,
    /// The answers, one for each question.
    answers: RwSignal<Vec<Answer>>,
    /// Whether applying was tried.
    tried: Signal<bool>,
) -> impl IntoView {
    let n = questions.len();
    let fields = questions
        .into_iter()
        .map(|question| {
            if question.max <= 1 {
                view! { <One question answers tried /> }.into_any()
            } else {
                view! { <Several question answers tried /> }.into_any()
            }
        })
        .collect::<Vec<_>>();
    view! {
        <Card title=t(words!("文件没有写明的 {n} 件事", "{n} things the file does not say"))>
            <p class="x-muted x-small">
                {t(Words::fixed(
                    "已按岗位填好建议，请核对；没有专人负责的部门不能发送。",
                    "Filled in from the posts as far as they tell; please check. A unit without a custodian cannot send.",
                ))}
            </p>
            <div class="s-questions">{fields}</div>
        </Card>
    }
    .into_any()
}

fn chosen(answers: RwSignal<Vec<Answer>>, id: &str) -> Vec<String> {
    answers.with(|a| a.iter().find(|a| a.id == id).map(|a| a.chosen.clone()).unwrap_or_default())
}

fn choose(answers: RwSignal<Vec<Answer>>, id: &str, numbers: Vec<String>) {
    answers.update(|a| {
        if let Some(answer) = a.iter_mut().find(|a| a.id == id) {
            answer.chosen = numbers;
        }
    });
}

fn error(question: &Question, answers: RwSignal<Vec<Answer>>, tried: Signal<bool>) -> Signal<Option<String>> {
    let lang = use_lang();
    let (id, min, max) = (question.id.clone(), question.min as usize, question.max as usize);
    Signal::derive(move || {
        let n = chosen(answers, &id).len();
        if !tried.get() || (n >= min && n <= max) {
            return None;
        }
        let words = if max <= 1 {
            Words::fixed("请选择一人", "Choose somebody")
        } else if n < min {
            words!("至少选择 {min} 项", "Choose at least {min}")
        } else {
            words!("最多选择 {max} 项", "Choose at most {max}")
        };
        Some(words.get(lang.get()).to_owned())
    })
}

#[component]
fn One(question: Question, answers: RwSignal<Vec<Answer>>, tried: Signal<bool>) -> impl IntoView {
    let error = error(&question, answers, tried);
    let id = question.id.clone();
    let value = RwSignal::new(chosen(answers, &id).into_iter().next().unwrap_or_default());
    Effect::new(move |_| {
        let number = value.get();
        choose(answers, &id, if number.is_empty() { Vec::new() } else { vec![number] });
    });
    let options: Vec<SelectOption> =
        question.choices.into_iter().map(|c| SelectOption::new(c.number, c.label)).collect();
    let prompt = if question.min == 0 {
        Words::fixed("暂不指定", "Nobody for now")
    } else {
        Words::fixed("请选择", "Please choose")
    };
    view! {
        <FormField label=t(question.words) error required=question.min != 0>
            <Select value options prompt=t(prompt) />
        </FormField>
    }
    .into_any()
}

#[component]
fn Several(question: Question, answers: RwSignal<Vec<Answer>>, tried: Signal<bool>) -> impl IntoView {
    let error = error(&question, answers, tried);
    let (lang, id) = (use_lang(), StoredValue::new(question.id.clone()));
    let choices = StoredValue::new(question.choices.clone());
    let now = Memo::new(move |_| id.with_value(|id| chosen(answers, id)));
    let label = move |number: &str| {
        choices.with_value(|all| {
            all.iter().find(|c| c.number == number).map_or_else(|| number.to_owned(), |c| c.label.clone())
        })
    };
    let remove = move |number: String| {
        let mut left = now.get_untracked();
        left.retain(|n| *n != number);
        id.with_value(|id| choose(answers, id, left));
    };
    let people = move || {
        now.get()
            .into_iter()
            .map(|number| {
                let name = label(&number);
                let spoken = {
                    let name = name.clone();
                    Signal::derive(move || words!("移除 {name}", "Remove {name}").get(lang.get()).to_owned())
                };
                view! {
                    <li class="s-chosen">
                        <span>{name}</span>
                        <button type="button" class="s-remove" aria-label=move || spoken.get() on:click=move |_| remove(number.clone())>
                            <ui::Icon name=ui::IconName::Close />
                        </button>
                    </li>
                }
            })
            .collect::<Vec<_>>()
    };
    let next = RwSignal::new(String::new());
    let add = move |()| {
        let number = next.get_untracked();
        let mut all = now.get_untracked();
        if !number.is_empty() && !all.contains(&number) {
            all.push(number);
            id.with_value(|id| choose(answers, id, all));
        }
        next.set(String::new());
    };
    let options = Signal::derive(move || {
        let taken = now.get();
        choices.with_value(|all| {
            all.iter()
                .filter(|c| !taken.contains(&c.number))
                .map(|c| SelectOption::new(c.number.clone(), c.label.clone()))
                .collect::<Vec<_>>()
        })
    });
    view! {
        <div class="s-several">
            <FormField label=t(question.words) error required=question.min != 0>
                <ul class="s-chosen-list">{people}</ul>
                <div class="s-add">
                    <Select value=next options prompt=t(Words::fixed("选择后添加", "Choose one to add")) />
                    <Button label=t(Words::fixed("添加", "Add")) kind=ButtonKind::Plain on_click=add />
                </div>
            </FormField>
        </div>
    }
    .into_any()
}
