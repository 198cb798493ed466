//! The menu: which pages a person has, for the rail, the tab bar of a phone
//! and the start page.

use domain::access::{Action, Post};
use domain::account::Me;
use domain::words::Words;
use leptos::prelude::*;
use ui::{IconName, NavItem};

use crate::office_request;

/// Whether the person writes notices at all.
pub fn writes(me: &Me) -> bool {
    [Action::WriteToClass, Action::WriteToAllGuardians, Action::WriteToAllTeachers]
        .into_iter()
        .any(|a| me.person.may(a))
}

/// Whether a person's menu has the page: 学生处's always, the office's where something lies there.
fn keeps_register(me: &Me) -> bool {
    let affairs = [Post::StudentAffairsHead, Post::StudentAffairsDeputy, Post::StudentAffairsClerk];
    me.person.may(Action::KeepRegister)
        && (affairs.iter().any(|post| me.person.holds(*post, None)) || me.desk.to_receive > 0)
}

/// The menu of a person: only what the access table grants (I10).
pub fn menu(me: &Me) -> Vec<NavItem> {
    let person = &me.person;
    let writes = writes(me);
    let reads = writes || person.may(Action::ReadMessages);
    let none = Signal::from(0);
    let item = |href, label, icon, tab| NavItem { href, label, icon, tab, rail: true, count: none };
    let mut items = vec![item("/", Words::fixed("首页", "Home"), IconName::Home, true)];
    if reads {
        items.push(NavItem {
            count: Signal::from(me.to_do()),
            ..item("/messages", Words::fixed("通知", "Notices"), IconName::Message, true)
        });
    }
    if keeps_register(me) {
        items.push(NavItem {
            count: Signal::from(me.desk.to_receive),
            ..item("/filings", Words::fixed("登记与备案", "Register"), IconName::Shield, false)
        });
    }
    if writes || person.may(Action::ReadRoster) {
        items.push(item("/classes", Words::fixed("班级", "Classes"), IconName::People, true));
    }
    if office_request::concerns(me) {
        let label = office_request::title(person.may(Action::TakeUpRequests));
        items.push(item("/requests", label, IconName::Write, !writes));
    }
    if person.may(Action::StopSending) {
        items.push(item("/agenda", Words::fixed("发送安排", "Going out"), IconName::Clock, false));
    }
    items.push(item("/register", Words::fixed("登记簿", "Register"), IconName::Book, false));
    if person.may(Action::ManageAccounts) {
        let tab = !reads;
        items.push(item("/staff", Words::fixed("教职工", "Staff"), IconName::Staff, tab));
        items.push(NavItem {
            count: Signal::from(me.to_confirm),
            ..item("/appointments", Words::fixed("任命确认", "Appointments"), IconName::Done, false)
        });
        items.push(NavItem {
            count: Signal::from(me.unit_changes),
            ..item("/units", Words::fixed("部门与专人", "Units"), IconName::Units, false)
        });
        items.push(item("/checklist", Words::fixed("发送准备", "Ready to send"), IconName::Done, false));
    }
    if person.may(Action::ImportRoster) {
        items.push(item("/import", Words::fixed("导入名单", "Import"), IconName::Import, !reads));
    }
    if person.may(Action::ReadAudit) {
        items.push(item("/audit", Words::fixed("操作日志", "Audit log"), IconName::Shield, false));
    }
    if person.may(Action::SetProcedures) {
        items.push(item("/procedures", Words::fixed("审批流程", "Procedures"), IconName::Check, false));
    }
    if person.may(Action::SetSmsAccount) {
        items.push(item("/sms-account", Words::fixed("短信账户", "SMS account"), IconName::Message, false));
    }
    if person.may(Action::StopSending) {
        items.push(item("/settings", Words::fixed("设置", "Settings"), IconName::Settings, false));
    }
    items
        .push(NavItem { rail: false, ..item("/mine", Words::fixed("我的", "Me"), IconName::Person, true) });
    items
}
