//! The staff of some units, as far as the access table lets write to them.

use domain::access::{Action, Person};
use domain::api;
use domain::ids::UnitId;
use domain::school::UnitView;
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::t;

use super::editor::Editor;
use crate::api::Query;
use crate::common::Loaded;
use crate::session::use_me;

/// The chosen units in words: by name once the Worker told them (reactive).
pub fn units_words(editor: Editor, n: usize) -> Words {
    if n == 0 {
        return Words::fixed("选择部门", "Choose units");
    }
    let told = editor.preview.with(|p| p.as_ref().map(|p| p.audience.clone()));
    told.filter(|_| !editor.stale.get()).unwrap_or_else(|| {
        let units = count(n as u64, "unit", "units");
        words!("{n} 个部门的教职工", "Staff of {units}")
    })
}

/// A unit and all above it.
fn path(units: &[UnitView], unit: UnitId) -> Vec<UnitId> {
    let row = |id: UnitId| units.iter().find(|u| u.id == id);
    std::iter::successors(row(unit), |u| u.parent.and_then(row)).map(|u| u.id).collect()
}

/// Those to whose staff a person may write, each with the unit above it, where that is not the school.
fn within_reach(units: &[UnitView], person: &Person) -> Vec<(UnitView, String)> {
    let may =
        |u: &&UnitView| u.parent.is_some() && person.may_unit(Action::WriteToAllTeachers, &path(units, u.id));
    let above = |u: &UnitView| {
        let parent = units.iter().find(|p| Some(p.id) == u.parent && p.parent.is_some());
        parent.map(|p| p.name.clone()).unwrap_or_default()
    };
    units.iter().filter(may).map(|u| (u.clone(), above(u))).collect()
}

/// The units, to choose from.
#[component]
pub fn UnitPicker(chosen: RwSignal<Vec<String>>) -> impl IntoView {
    let (me, units) = (use_me(), Query::new(|| api::UNITS.into()));
    let show = move |units: Vec<UnitView>| {
        let units = me.with_untracked(|m| within_reach(&units, &m.person));
        let rows = units
            .into_iter()
            .map(|(unit, above)| {
                let (id, mine) = (unit.id.to_string(), unit.id.to_string());
                let toggle = move |event| {
                    let on = event_target_checked(&event);
                    chosen.update(|all| {
                        all.retain(|one| *one != id);
                        if on {
                            all.push(id.clone());
                        }
                    });
                };
                view! {
                    <label class="x-choice">
                        <input
                            type="checkbox"
                            prop:checked=move || chosen.with(|all| all.contains(&mine))
                            on:change=toggle
                        />
                        <span class="x-choice-words">
                            <span lang="zh-CN">{unit.name}</span>
                            <span class="x-choice-note" lang="zh-CN">{above}</span>
                        </span>
                    </label>
                }
            })
            .collect::<Vec<_>>();
        view! {
            <fieldset class="x-field x-group">
                <legend class="x-field-label">
                    {t(Words::fixed("选择部门（发给其教职工）", "Units (their members of staff)"))}
                </legend>
                <div class="x-choices">{rows}</div>
            </fieldset>
        }
        .into_any()
    };
    view! { <Loaded query=units bare=true show /> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::access::{Appointment, Post};
    use domain::ids::{AppointmentId, StaffId};
    use domain::school::UnitKind;

    use super::*;

    #[test]
    fn a_college_offers_itself_and_what_lies_below() {
        let unit = |id, parent: Option<i64>, kind, name: &str| UnitView {
            id: UnitId(id),
            parent: parent.map(UnitId),
            kind,
            name: name.into(),
            custodian: None,
            heads: Vec::new(),
            has_account: false,
        };
        let units = [
            unit(1, None, UnitKind::School, "大学"),
            unit(2, Some(1), UnitKind::College, "商学院"),
            unit(3, Some(2), UnitKind::Grade, "2023级"),
            unit(4, Some(1), UnitKind::College, "信息学院"),
        ];
        let holds = |post, unit| Person {
            id: StaffId(1),
            name: "甲".into(),
            number: "1".into(),
            appointments: vec![Appointment {
                id: AppointmentId(1),
                post,
                unit: UnitId(unit),
                unit_name: String::new(),
                class: None,
                class_name: None,
                subject: None,
                above: None,
                listed: true,
            }],
        };
        let offered = |person: &Person| -> Vec<(String, String)> {
            within_reach(&units, person).into_iter().map(|(u, above)| (u.name, above)).collect()
        };
        let of = |name: &str, above: &str| (name.to_owned(), above.to_owned());
        assert_eq!(offered(&holds(Post::CollegeClerk, 2)), [of("商学院", ""), of("2023级", "商学院")]);
        assert_eq!(
            offered(&holds(Post::OfficeClerk, 1)).len(),
            3,
            "all but the school itself, which is all teachers"
        );
        assert_eq!(offered(&holds(Post::Dean, 2)), []);
    }
}
