//! No sequence of actions reaches release without the distinct, current
//! decisions that the procedure asks for (I1, I3).
//!
//! A message is driven by random orders of random people through the same
//! rules that the Worker asks. Beside it stands a plain record of who really
//! said what about which text; release is checked against that record alone.

use domain::access::{Appointment, Person, Post};
use domain::approval::{
    Chain, Decide, Decision, ProcedureStep, Scope, Step, StepKind, Then, Verdict, check_staffing,
    middle_school_preset,
};
use domain::ids::{AppointmentId, StaffId, UnitId};
use proptest::prelude::*;

const GRADE: UnitId = UnitId(7);

/// Holders of posts, substitutes, people with two posts, an outsider.
fn people() -> Vec<Person> {
    let posts: [&[(Post, i64)]; 8] = [
        &[(Post::HomeroomTeacher, 7)],
        &[(Post::GradeHead, 7)],
        &[(Post::GradeHead, 8)],
        &[(Post::OfficeDirector, 2)],
        &[(Post::Principal, 1)],
        &[(Post::VicePrincipal, 1), (Post::GradeHead, 7)],
        &[(Post::OfficeDirector, 2), (Post::Principal, 1)],
        &[(Post::OfficeClerk, 2)],
    ];
    posts
        .iter()
        .zip(1..)
        .map(|(posts, id)| Person {
            id: StaffId(id),
            name: format!("P{id}"),
            number: format!("T{id:04}"),
            appointments: posts
                .iter()
                .map(|&(post, unit)| Appointment {
                    id: AppointmentId(id),
                    post,
                    unit: UnitId(unit),
                    unit_name: String::new(),
                    class: None,
                    class_name: None,
                    subject: None,
                })
                .collect(),
        })
        .collect()
}

#[derive(Clone, Debug)]
enum Order {
    Edit(u8),
    Submit,
    Decide { by: usize, approve: bool, stale: bool, reason: bool },
    Release,
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let one = prop_oneof![
        1 => (0u8..4).prop_map(Order::Edit),
        2 => Just(Order::Submit),
        6 => (0usize..8, prop::bool::weighted(0.8), prop::bool::weighted(0.1), any::<bool>())
            .prop_map(|(by, approve, stale, reason)| Order::Decide { by, approve, stale, reason }),
        2 => Just(Order::Release),
    ];
    prop::collection::vec(one, 1..40)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Draft,
    Submitted,
    Returned,
    Approved,
    Released,
}

struct World {
    at: At,
    text: u8,
    version: u32,
    chain: Chain,
    /// Who approved which step of which version of which text, written down apart from the rules.
    said: Vec<(u32, u8, u32, StaffId)>,
}

impl World {
    fn digest(&self) -> String {
        format!("{}:{}", self.version, self.text)
    }

    fn obey(&mut self, order: &Order, procedure: &[ProcedureStep], people: &[Person]) {
        match order {
            Order::Edit(text) if matches!(self.at, At::Draft | At::Returned) => {
                if self.at == At::Returned {
                    self.version += 1;
                }
                self.text = *text;
                self.at = At::Draft;
            }
            Order::Submit if self.at == At::Draft => {
                let steps = Step::bind(procedure, GRADE);
                if check_staffing(&steps, self.chain.author, people).is_ok() {
                    self.chain = Chain {
                        author: self.chain.author,
                        digest: self.digest(),
                        steps,
                        decisions: Vec::new(),
                    };
                    self.at = At::Submitted;
                }
            }
            Order::Decide { by, approve, stale, reason } if self.at == At::Submitted => {
                let decide = Decide {
                    verdict: if *approve { Verdict::Approve } else { Verdict::Return },
                    digest: if *stale { "0:0".into() } else { self.chain.digest.clone() },
                    reason: if *reason { "错别字".into() } else { String::new() },
                };
                if let Ok(outcome) = self.chain.decide(&people[*by], &decide) {
                    self.chain.decisions.push(Decision {
                        position: outcome.position,
                        staff: people[*by].id,
                        verdict: decide.verdict,
                        digest: decide.digest,
                    });
                    if *approve {
                        self.said.push((self.version, self.text, outcome.position, people[*by].id));
                    }
                    self.at = match outcome.then {
                        Then::Waits => At::Submitted,
                        Then::Approved => At::Approved,
                        Then::Returned => At::Returned,
                    };
                }
            }
            Order::Release if self.at == At::Approved => self.at = At::Released,
            // The Worker refuses any other order in this state; here it does nothing.
            _ => {}
        }
    }
}

fn procedures() -> impl Strategy<Value = Vec<ProcedureStep>> {
    use StepKind::{Approve, File, Register, Review};
    let filing = ProcedureStep::new(File, Post::OfficeClerk);
    let registration = ProcedureStep::new(Register, Post::OfficeClerk);
    let advice = ProcedureStep { holds: false, ..ProcedureStep::new(Review, Post::OfficeClerk) };
    let three = vec![
        ProcedureStep::new(Review, Post::GradeHead).or(Post::OfficeDirector),
        advice.clone(),
        ProcedureStep::new(Review, Post::OfficeDirector).or(Post::VicePrincipal),
        ProcedureStep::new(Approve, Post::Principal).or(Post::VicePrincipal),
        registration.clone(),
        filing.clone(),
    ];
    prop_oneof![
        Just(middle_school_preset(Scope::Grade)),
        Just(middle_school_preset(Scope::School)),
        Just(three),
        Just(vec![ProcedureStep::new(Approve, Post::Principal).or(Post::GradeHead)]),
        Just(vec![filing, registration, advice]),
        Just(Vec::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn i1_i3_no_sequence_releases_without_distinct_current_decisions(
        orders in orders(), procedure in procedures(), author in 0usize..8,
    ) {
        let people = people();
        let mut world = World {
            at: At::Draft,
            text: 0,
            version: 1,
            chain: Chain { author: people[author].id, digest: String::new(), steps: Vec::new(), decisions: Vec::new() },
            said: Vec::new(),
        };
        for order in &orders {
            world.obey(order, &procedure, &people);
            if world.at == At::Released {
                let mut deciders = vec![world.chain.author];
                let decisive = procedure.iter().enumerate()
                    .filter(|(_, s)| s.holds && matches!(s.kind, StepKind::Review | StepKind::Approve));
                let mut any = false;
                for (position, step) in decisive {
                    any = true;
                    let by: Vec<StaffId> = world.said.iter()
                        .filter(|s| (s.0, s.1, s.2 as usize) == (world.version, world.text, position))
                        .map(|s| s.3).collect();
                    prop_assert_eq!(by.len(), 1, "step {} of version {} has one decision", position, world.version);
                    let person = people.iter().find(|p| p.id == by[0]).expect("one of them");
                    let holds = |post| person.holds(post, (post == Post::GradeHead).then_some(GRADE));
                    let entitled = holds(step.post) || step.substitute.is_some_and(holds);
                    prop_assert!(entitled, "{:?} decided {:?}", person, step);
                    prop_assert!(!deciders.contains(&by[0]), "{:?} twice", by[0]);
                    deciders.push(by[0]);
                }
                prop_assert!(any, "without a decisive step nothing is released");
                break;
            }
        }
    }
}

fn reaches_the_end(chain: &Chain, people: &[Person]) -> bool {
    people.iter().any(|p| {
        let decide =
            Decide { verdict: Verdict::Approve, digest: chain.digest.clone(), reason: String::new() };
        chain.decide(p, &decide).is_ok_and(|o| {
            let mut next = chain.clone();
            next.decisions.push(Decision {
                position: o.position,
                staff: p.id,
                verdict: Verdict::Approve,
                digest: chain.digest.clone(),
            });
            o.then == Then::Approved || reaches_the_end(&next, people)
        })
    })
}

/// What `check_staffing` lets pass can be brought to an end by its people,
/// and what it refuses cannot; for every preset and every author.
#[test]
fn a_submission_passes_exactly_where_it_can_be_approved() {
    let people = people();
    let mut seen = [0, 0];
    for scope in [Scope::Grade, Scope::School] {
        // Also with few people at hand: where posts are vacant.
        for mask in 1u32..256 {
            let some: Vec<Person> = people
                .iter()
                .enumerate()
                .filter(|(at, _)| mask >> at & 1 == 1)
                .map(|(_, p)| p.clone())
                .collect();
            for author in &people {
                let steps = Step::bind(&middle_school_preset(scope), GRADE);
                let passes = check_staffing(&steps, author.id, &some).is_ok();
                let chain = Chain { author: author.id, digest: "d".into(), steps, decisions: Vec::new() };
                assert_eq!(passes, reaches_the_end(&chain, &some), "{scope:?} {mask:08b} {}", author.name);
                seen[usize::from(passes)] += 1;
            }
        }
    }
    assert!(seen.iter().all(|n| *n > 100), "{seen:?}");
}
