//! What the digest covers (I2), what a draft may say (G8), and the order of a frozen list.

use std::collections::BTreeMap;

use domain::access::{Appointment, Person, Post};
use domain::filing::Application;
use domain::ids::{
    AppointmentId, ClassId, MessageId, PhoneId, ProcedureId, StaffId, StreamId, StudentId, UnitId,
};
use domain::message::*;
use domain::time::Instant;
use proptest::prelude::*;

fn guardian(person: i64, student: i64, phone: i64) -> Recipient {
    Recipient { kind: RecipientKind::Guardian, person, student, phone: PhoneId(phone) }
}

const CLASS: StreamId = StreamId(5);

#[test]
fn i2_every_field_moves_the_digest() {
    let lists = [ListRoot::of(CLASS, &[guardian(1, 2, 3)])];
    let other = [ListRoot::of(CLASS, &[guardian(1, 2, 4)])];
    let applied = Application::default();
    let base = CanonicalMessage {
        title: "t",
        body: "b",
        category: Some(Category::Daily),
        signature: "s",
        template: "n",
        template_version: 1,
        mode: Mode::Link,
        answer: AnswerLevel::Confirm,
        send_at: None,
        author: StaffId(1),
        sender_title: "p",
        appointment: AppointmentId(1),
        capacity_unit: UnitId(1),
        audience: "{}",
        procedure: ProcedureId(1),
        procedure_version: 1,
        application: None,
        lists: &lists,
        corrects: None,
    };
    // Mode and answer have one value each: the pinned digest holds them.
    let variants = [
        CanonicalMessage { title: "T", ..base.clone() },
        CanonicalMessage { body: "B", ..base.clone() },
        CanonicalMessage { category: Some(Category::Event), ..base.clone() },
        CanonicalMessage { category: None, ..base.clone() },
        CanonicalMessage { signature: "S", ..base.clone() },
        CanonicalMessage { template: "m", ..base.clone() },
        CanonicalMessage { template_version: 2, ..base.clone() },
        CanonicalMessage { send_at: Some(Instant(1)), ..base.clone() },
        CanonicalMessage { author: StaffId(2), ..base.clone() },
        CanonicalMessage { sender_title: "q", ..base.clone() },
        CanonicalMessage { appointment: AppointmentId(2), ..base.clone() },
        CanonicalMessage { capacity_unit: UnitId(2), ..base.clone() },
        CanonicalMessage { audience: "[]", ..base.clone() },
        CanonicalMessage { procedure: ProcedureId(2), ..base.clone() },
        CanonicalMessage { procedure_version: 2, ..base.clone() },
        CanonicalMessage { application: Some(&applied), ..base.clone() },
        CanonicalMessage { lists: &other, ..base.clone() },
        CanonicalMessage { lists: &[], ..base.clone() },
        CanonicalMessage { corrects: Some(MessageId(1)), ..base.clone() },
    ];
    let mut digests: Vec<String> = variants
        .iter()
        .chain([&base])
        .map(|m| m.digest(CanonicalMessage::FORM).expect("the newest form").to_hex())
        .collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), variants.len() + 1);
}

fn pinned(lists: &[ListRoot]) -> CanonicalMessage<'_> {
    CanonicalMessage {
        title: "秋季运动会",
        body: "请准时。",
        category: Some(Category::Event),
        signature: "麻阳中学",
        template: "notice_link",
        template_version: 1,
        mode: Mode::Link,
        answer: AnswerLevel::Confirm,
        send_at: Some(Instant(1_788_193_800_000)),
        author: StaffId(18),
        sender_title: "七年级1班班主任",
        appointment: AppointmentId(40),
        capacity_unit: UnitId(7),
        audience: r#"{"kind":"classes","classes":[12]}"#,
        procedure: ProcedureId(1),
        procedure_version: 3,
        application: None,
        lists,
        corrects: Some(MessageId(41)),
    }
}

/// Approved messages are sent by the digest of their form: none may ever change.
#[test]
fn digest_form_1_unchanged() {
    let lists = [ListRoot { stream: CLASS, entries: 2, root: "00ff".repeat(16) }];
    let digest = pinned(&lists).digest(1).expect("a known form").to_hex();
    assert_eq!(digest, "7f681342a7d0daa0820429e8feb1220a4f5988167678c1fc049e5e5fd528f2ff");
}

#[test]
fn digest_form_2_unchanged() {
    let lists = [ListRoot { stream: CLASS, entries: 2, root: "00ff".repeat(16) }];
    let digest = |application: Option<&Application>| {
        let message = CanonicalMessage { application, ..pinned(&lists) };
        message.digest(2).expect("a known form").to_hex()
    };
    let application = Application {
        need: "缴费".into(),
        content: "缴费办法".into(),
        audience: "2023级家长".into(),
        sender: "李四".into(),
        from: Some(Instant(1_788_193_800_000)),
        until: Some(Instant(1_788_280_200_000)),
    };
    assert_eq!(digest(None), "d382cd42c56a1d096dce379755828ed7d48fd00a545491efae90d3dd388d7e3b");
    assert_eq!(
        digest(Some(&application)),
        "7e62e51bb9de5b8ee4e680c8cdf1d1a763d46147f9c7f2a626833da424618ced"
    );
}

#[test]
fn a_form_that_never_was_has_no_digest() {
    assert!(pinned(&[]).digest(0).is_none());
    assert!(pinned(&[]).digest(CanonicalMessage::FORM + 1).is_none());
}

#[test]
fn list_root_unchanged() {
    let staff = Recipient { kind: RecipientKind::Staff, person: 9, student: 0, phone: PhoneId(77) };
    let student = Recipient { kind: RecipientKind::Student, person: 4, student: 4, phone: PhoneId(78) };
    let root = ListRoot::of(CLASS, &[student, guardian(12, 4, 345), staff]);
    assert_eq!(
        serde_json::to_value(&root).expect("json"),
        serde_json::json!({ "stream": 5, "entries": 3, "root": "dac5208c95ba480ac6c17fc7f67d50af0b76d960087a97944594d56fa926122b" })
    );
}

/// The database sorts by the key's text, the rules by the order of declaration.
#[test]
fn kinds_of_recipients_sort_as_their_keys() {
    assert!(RecipientKind::ALL.is_sorted_by_key(|kind| kind.key()));
}

#[test]
fn an_entry_out_of_order_is_refused() {
    let mut hasher = RootHasher::new(CLASS);
    assert_eq!(hasher.add(&guardian(2, 1, 1)), Ok(()));
    assert_eq!(hasher.add(&guardian(1, 9, 9)), Err(OutOfOrder));
    assert_eq!(hasher.add(&guardian(2, 2, 1)), Ok(()));
    assert_eq!(hasher.finish().entries, 2);
}

#[test]
fn g8_what_concerns_one_child_never_goes_to_a_group() {
    let draft = |category| Draft {
        appointment: None,
        audience: Audience::Classes { classes: vec![ClassId(1)] },
        category: Some(category),
        title: "t".into(),
        body: "b".into(),
        send_at: None,
        reasons: BTreeMap::new(),
        application: None,
    };
    let chosen = |category, students: &[i64]| {
        let students = students.iter().map(|id| StudentId(*id)).collect();
        Draft { audience: Audience::Children { class: ClassId(1), students }, ..draft(category) }
    };
    for category in Category::ALL {
        let refused = |draft: Draft| !draft.check_submission(&[], Instant(0)).is_empty();
        assert_eq!(refused(draft(category)), category.is_about_one_child(), "{category:?}");
        assert_eq!(refused(chosen(category, &[1, 2])), category.is_about_one_child(), "{category:?}");
        assert!(!refused(chosen(category, &[1])), "{category:?}");
        assert!(refused(chosen(category, &[])), "{category:?}");
        let to_all = Draft { audience: Audience::AllGuardians, ..draft(category) };
        assert_eq!(refused(to_all), category.is_about_one_child(), "{category:?}");
        assert_eq!(Category::from_key(category.key()), Some(category));
    }
}

/// School 1 over the colleges 10 and 20; department 11 in college 10.
#[test]
fn i10_the_staff_of_units_within_reach_and_of_no_other() {
    let path = |unit: UnitId| match unit.0 {
        1 => vec![UnitId(1)],
        10 | 20 => vec![unit, UnitId(1)],
        11 => vec![UnitId(11), UnitId(10), UnitId(1)],
        _ => Vec::new(),
    };
    let refused = |post, unit, units: &[i64]| {
        let held = Appointment {
            id: AppointmentId(1),
            post,
            unit: UnitId(unit),
            unit_name: String::new(),
            class: None,
            class_name: None,
            subject: None,
            above: None,
            listed: true,
        };
        let who = Person { id: StaffId(1), name: "甲".into(), number: "1".into(), appointments: vec![held] };
        let draft = Draft {
            appointment: None,
            audience: Audience::Units { units: units.iter().copied().map(UnitId).collect() },
            category: None,
            title: String::new(),
            body: String::new(),
            send_at: None,
            reasons: BTreeMap::new(),
            application: None,
        };
        draft.check_units(&who, path).map(|refusal| (refusal.kind, refusal.words))
    };
    for own in [&[10][..], &[11], &[10, 11], &[]] {
        assert_eq!(refused(Post::CollegeClerk, 10, own), None, "{own:?}");
    }
    // Another college is told like a unit that there is not.
    let nowhere = refused(Post::CollegeClerk, 10, &[99]);
    for beyond in [&[20][..], &[1], &[10, 20]] {
        assert_eq!(refused(Post::CollegeClerk, 10, beyond), nowhere, "{beyond:?}");
    }
    assert!(nowhere.is_some_and(|(kind, _)| kind == "audience_not_yours"));
    assert_eq!(refused(Post::OfficeClerk, 1, &[1, 10, 20, 11]), None);
    assert!(refused(Post::OfficeClerk, 1, &[99]).is_some());
    for none in [Post::Dean, Post::Principal, Post::DepartmentHead, Post::DesignatedSender, Post::GradeHead] {
        assert!(refused(none, 10, &[10]).is_some(), "{none:?}");
    }
}

fn entry() -> impl Strategy<Value = Recipient> {
    (prop::sample::select(RecipientKind::ALL.to_vec()), 0i64..50, 0i64..50, 0i64..50)
        .prop_map(|(kind, person, student, phone)| Recipient { kind, person, student, phone: PhoneId(phone) })
}

fn entries() -> impl Strategy<Value = Vec<Recipient>> {
    prop::collection::vec(entry(), 0..40)
}

proptest! {
    #[test]
    fn one_at_a_time_gives_the_root_of_the_list_in_any_order(
        (sorted, shuffled) in entries().prop_flat_map(|mut list| {
            list.sort();
            (Just(list.clone()), Just(list).prop_shuffle())
        }),
    ) {
        let mut hasher = RootHasher::new(CLASS);
        for entry in &sorted {
            prop_assert_eq!(hasher.add(entry), Ok(()));
        }
        let root = hasher.finish();
        prop_assert_eq!(root.entries as usize, sorted.len());
        prop_assert_eq!(root, ListRoot::of(CLASS, &shuffled));
    }

    #[test]
    fn i2_any_change_of_an_entry_moves_the_root(
        list in entries().prop_filter("not empty", |l| !l.is_empty()), at in any::<prop::sample::Index>(), with in entry(),
    ) {
        let at = at.index(list.len());
        let before = ListRoot::of(CLASS, &list);
        let old = list[at];
        for new in [
            Recipient { kind: with.kind, ..old },
            Recipient { person: with.person, ..old },
            Recipient { student: with.student, ..old },
            Recipient { phone: with.phone, ..old },
        ] {
            let mut changed = list.clone();
            changed[at] = new;
            prop_assert_eq!(ListRoot::of(CLASS, &changed).root == before.root, new == old);
        }
        let mut fewer = list.clone();
        fewer.remove(at);
        prop_assert_ne!(&ListRoot::of(CLASS, &fewer).root, &before.root);
        let mut more = list.clone();
        more.push(with);
        prop_assert_ne!(&ListRoot::of(CLASS, &more).root, &before.root);
        prop_assert_ne!(&ListRoot::of(StreamId(6), &list).root, &before.root);
    }
}
