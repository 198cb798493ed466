//! What the digest covers (I2), what a draft may say (G8), and the order of a frozen list.

use std::collections::BTreeMap;

use domain::ids::ClassId;
use domain::message::*;
use domain::time::Instant;
use proptest::prelude::*;

#[test]
fn i2_every_field_moves_the_digest() {
    let lists = [ListRoot::of("class:1", &[Recipient { person: 1, student: 2 }])];
    let other = [ListRoot::of("class:1", &[Recipient { person: 1, student: 3 }])];
    let base = Sealed {
        form: Sealed::FORM,
        title: "t",
        body: "b",
        category: "daily",
        signature: "s",
        template: ("n", 1),
        mode: "link",
        answer: "confirm",
        send_at: None,
        sender: 1,
        sender_title: "p",
        audience: "{}",
        lists: &lists,
    };
    let variants = [
        Sealed { form: 2, ..base.clone() },
        Sealed { title: "T", ..base.clone() },
        Sealed { body: "B", ..base.clone() },
        Sealed { category: "event", ..base.clone() },
        Sealed { signature: "S", ..base.clone() },
        Sealed { template: ("n", 2), ..base.clone() },
        Sealed { template: ("m", 1), ..base.clone() },
        Sealed { mode: "code", ..base.clone() },
        Sealed { answer: "read", ..base.clone() },
        Sealed { send_at: Some(1), ..base.clone() },
        Sealed { sender: 2, ..base.clone() },
        Sealed { sender_title: "q", ..base.clone() },
        Sealed { audience: "[]", ..base.clone() },
        Sealed { lists: &other, ..base.clone() },
        Sealed { lists: &[], ..base.clone() },
    ];
    let mut digests: Vec<String> = variants.iter().chain([&base]).map(|s| s.digest().to_hex()).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), variants.len() + 1);
}

#[test]
fn digest_form_1_unchanged() {
    let sealed = Sealed {
        form: 1,
        title: "秋季运动会",
        body: "请准时。",
        category: "event",
        signature: "麻阳中学",
        template: ("notice_link", 1),
        mode: "link",
        answer: "confirm",
        send_at: None,
        sender: 18,
        sender_title: "七年级1班班主任",
        audience: "{}",
        lists: &[],
    };
    assert_eq!(sealed.digest().to_hex(), "a1b0edb9931ca841d00bbf780b3eae16219eaf6b50f44f5dd54330a2cd6aa13f");
}

#[test]
fn g8_what_concerns_one_child_never_goes_to_a_group() {
    let draft = |category| Draft {
        audience: Audience::Classes { classes: vec![ClassId(1)] },
        category: Some(category),
        title: "t".into(),
        body: "b".into(),
        send_at: None,
        reasons: BTreeMap::new(),
    };
    for category in Category::ALL {
        let refused = !draft(category).check_submission(&[], Instant(0)).is_empty();
        assert_eq!(refused, category.is_about_one_child(), "{category:?}");
        assert_eq!(Category::from_key(category.key()), Some(category));
    }
}

proptest! {
    #[test]
    fn the_root_does_not_depend_on_order(mut entries in prop::collection::vec((0i64..50, 0i64..50), 0..40), seed in 0usize..40) {
        let list = |e: &[(i64, i64)]| e.iter().map(|&(person, student)| Recipient { person, student }).collect::<Vec<_>>();
        let one = ListRoot::of("class:1", &list(&entries));
        let len = entries.len().max(1);
        entries.rotate_left(seed % len);
        prop_assert_eq!(one, ListRoot::of("class:1", &list(&entries)));
    }
}
