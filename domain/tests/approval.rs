//! No sequence of actions reaches release without the distinct, current
//! decisions that the procedure asks for (I1, I3).
//!
//! A message is driven by random orders of random people through the same
//! rules that the Worker asks. Beside it stands a plain record of who really
//! said what about which text; release is checked against that record alone.

use domain::access::Post;
use domain::approval::{
    Absence, Binding, Chain, Decide, Decision, Held, Holder, ProcedureStep, Regulation, Scope, Sender, Step,
    StepKind, Then, Verdict,
};
use domain::ids::{AppointmentId, StaffId, UnitId};
use domain::time::Instant;
use proptest::prelude::*;

const GRADE: UnitId = UnitId(7);
/// What a teacher of class 71 in that grade sends to its parents is bound to.
const TO_GRADE: Binding = Binding { own: GRADE, college: None, audience: GRADE };

/// The middle school's procedure for what teachers send to this audience.
fn preset(scope: Scope) -> Vec<ProcedureStep> {
    let mut presets = Regulation::MiddleSchool.presets().into_iter();
    presets.find(|p| p.sender == Sender::Teacher && p.scope == scope).expect("a preset").steps
}
/// A second person and a first one who have no part in any message.
const OFFICE: [StaffId; 2] = [StaffId(90), StaffId(91)];

/// Holders of posts, substitutes, people with two posts, a clerk; person 1 holds none that decides.
const POSTS: [(i64, Post, i64); 9] = [
    (2, Post::GradeHead, 7),
    (3, Post::GradeHead, 8),
    (4, Post::OfficeDirector, 2),
    (5, Post::Principal, 1),
    (6, Post::VicePrincipal, 1),
    (6, Post::GradeHead, 7),
    (7, Post::OfficeDirector, 2),
    (7, Post::Principal, 1),
    (8, Post::OfficeClerk, 2),
];

/// All of them, confirmed long ago by people who have no part in any message.
fn holders() -> Vec<Holder> {
    let holder = |((staff, post, unit), id): (&(i64, Post, i64), i64)| Holder {
        appointment: AppointmentId(id),
        staff: StaffId(*staff),
        name: format!("P{staff}"),
        post: *post,
        unit: UnitId(*unit),
        given_by: OFFICE[0],
        confirmed_by: OFFICE[1],
        confirmed_at: Instant(0),
        away: Vec::new(),
    };
    POSTS.iter().zip(1..).map(holder).collect()
}

/// How each of them came to the post, and whether somebody recorded that they are away.
fn some_holders() -> impl Strategy<Value = Vec<Holder>> {
    let who = || prop_oneof![2 => Just(90), 1 => Just(91), 2 => 1i64..=8].prop_map(StaffId);
    let one = (who(), who(), prop_oneof![2 => Just(0), 1 => 1i64..12], prop::option::weighted(0.4, who()));
    prop::collection::vec(one, POSTS.len()).prop_map(|facts| {
        let all = holders().into_iter().zip(facts);
        all.map(|(holder, (given_by, confirmed_by, confirmed_at, recorded_by))| Holder {
            given_by,
            confirmed_by,
            confirmed_at: Instant(confirmed_at),
            away: recorded_by
                .map(|recorded_by| Absence { recorded_by, until: Instant(99) })
                .into_iter()
                .collect(),
            ..holder
        })
        .collect()
    })
}

#[derive(Clone, Debug)]
enum Order {
    Edit(u8),
    Submit,
    Decide { by: i64, approve: bool, stale: bool, reason: bool },
    Release,
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let one = prop_oneof![
        1 => (0u8..4).prop_map(Order::Edit),
        2 => Just(Order::Submit),
        6 => (1i64..9, prop::bool::weighted(0.8), prop::bool::weighted(0.1), any::<bool>())
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
    /// Counts the orders.
    time: i64,
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

    fn obey(&mut self, order: &Order, procedure: &[ProcedureStep]) {
        self.time += 1;
        match order {
            Order::Edit(text) if matches!(self.at, At::Draft | At::Returned) => {
                if self.at == At::Returned {
                    self.version += 1;
                }
                self.text = *text;
                self.at = At::Draft;
            }
            Order::Submit if self.at == At::Draft => {
                let chain = Chain {
                    digest: self.digest(),
                    submitted_at: Instant(self.time),
                    steps: Step::bind(procedure, TO_GRADE),
                    decisions: Vec::new(),
                    ..self.chain.clone()
                };
                if chain.check_staffing().is_ok() {
                    self.chain = chain;
                    self.at = At::Submitted;
                }
            }
            Order::Decide { by, approve, stale, reason } if self.at == At::Submitted => {
                let decide = Decide {
                    verdict: if *approve { Verdict::Approve } else { Verdict::Return },
                    digest: if *stale { "0:0".into() } else { self.chain.digest.clone() },
                    reason: if *reason { "错别字".into() } else { String::new() },
                    passages: Vec::new(),
                    password: None,
                };
                if let Ok(outcome) = self.chain.decide(StaffId(*by), &decide) {
                    self.chain.decisions.push(Decision {
                        position: outcome.by.position,
                        staff: StaffId(*by),
                        verdict: decide.verdict,
                        digest: decide.digest,
                    });
                    if *approve {
                        self.said.push((self.version, self.text, outcome.by.position, StaffId(*by)));
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
        ProcedureStep::new(Review, Post::GradeHead).held(Held::AudienceUnit).or(Post::OfficeDirector),
        advice.clone(),
        ProcedureStep::new(Review, Post::OfficeDirector).or(Post::VicePrincipal),
        ProcedureStep::new(Approve, Post::Principal).or(Post::VicePrincipal),
        registration.clone(),
        filing.clone(),
    ];
    prop_oneof![
        Just(preset(Scope::Grade)),
        Just(preset(Scope::School)),
        Just(three),
        Just(vec![ProcedureStep {
            substitute_at: Held::AudienceUnit,
            ..ProcedureStep::new(Approve, Post::Principal).or(Post::GradeHead)
        }]),
        Just(vec![filing, registration, advice]),
        Just(Vec::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn i1_i3_no_sequence_releases_without_distinct_current_decisions(
        orders in orders(), procedure in procedures(), author in 1i64..9, holders in some_holders(),
    ) {
        let author = StaffId(author);
        let mut world = World {
            time: 0,
            at: At::Draft,
            text: 0,
            version: 1,
            chain: Chain {
                author,
                digest: String::new(),
                submitted_at: Instant(0),
                steps: Vec::new(),
                decisions: Vec::new(),
                holders: holders.clone(),
            },
            said: Vec::new(),
        };
        for order in &orders {
            world.obey(order, &procedure);
            if world.at == At::Released {
                let mut deciders = vec![author];
                let decisive = procedure.iter().enumerate()
                    .filter(|(_, s)| s.holds && matches!(s.kind, StepKind::Review | StepKind::Approve));
                let mut any = false;
                for (position, step) in decisive {
                    any = true;
                    let by: Vec<StaffId> = world.said.iter()
                        .filter(|s| (s.0, s.1, s.2 as usize) == (world.version, world.text, position))
                        .map(|s| s.3).collect();
                    prop_assert_eq!(by.len(), 1, "step {} of version {} has one decision", position, world.version);
                    let who = by[0];
                    // Appointments of a post, in the grade where it exists once for each.
                    let of = |post: Post| holders.iter()
                        .filter(move |h| h.post == post && (post != Post::GradeHead || h.unit == GRADE));
                    // One counts where it was there before, and not by the drafter's and its holder's hands alone.
                    let counts = |h: &Holder| h.confirmed_at < world.chain.submitted_at
                        && [h.given_by, h.confirmed_by].iter().any(|hand| *hand != author && *hand != h.staff);
                    let holds = |post: Post| of(post).any(|h| h.staff == who && counts(h));
                    if !holds(step.post) {
                        prop_assert!(step.substitute.is_some_and(holds), "{:?} decided {:?}", who, step);
                        for h in of(step.post) {
                            let away = h.away.iter()
                                .any(|a| a.recorded_by == h.staff || a.recorded_by != author && a.recorded_by != who);
                            let could_not = deciders.contains(&h.staff) || !counts(h) || away;
                            prop_assert!(could_not, "{:?} decided {:?} although {:?} could", who, step, h);
                        }
                    }
                    prop_assert!(!deciders.contains(&who), "{:?} twice", who);
                    deciders.push(who);
                }
                prop_assert!(any, "without a decisive step nothing is released");
                break;
            }
        }
    }
}

/// A notice of person 1, submitted at 10, to a grade or to the school.
fn notice(scope: Scope, holders: Vec<Holder>) -> Chain {
    Chain {
        author: StaffId(1),
        digest: "d".into(),
        submitted_at: Instant(10),
        steps: Step::bind(&preset(scope), TO_GRADE),
        decisions: Vec::new(),
        holders,
    }
}

/// Those of the holders who are named, each once by the post that counts here.
fn only(people: &[i64]) -> Vec<Holder> {
    holders().into_iter().filter(|h| people.contains(&h.staff.0)).collect()
}

fn refused(chain: &Chain, who: i64) -> String {
    chain.may_decide(StaffId(who)).expect_err("refused").kind.into_owned()
}

#[test]
fn a_substitute_decides_only_where_the_post_cannot() {
    let chain = notice(Scope::Grade, only(&[2, 4]));
    assert_eq!(refused(&chain, 4), "post_can_decide");
    assert!(!chain.may_decide(StaffId(2)).expect("the head").stands_in);
    assert_eq!(chain.able(&chain.steps[0]), (vec!["P2".to_owned()], None));

    // Vacant; the head of another grade is none of this one.
    let vacant = notice(Scope::Grade, only(&[3, 4]));
    assert!(vacant.may_decide(StaffId(4)).expect("stands in").stands_in);
    assert_eq!(refused(&vacant, 3), "not_your_step");
    let (people, why) = vacant.able(&vacant.steps[0]);
    assert_eq!(
        (people, why.expect("why").zh.as_ref()),
        (vec!["P4".to_owned()], "年级组长空缺，由校办室主任代为办理")
    );

    // The head drafted it.
    let own = Chain { author: StaffId(2), ..chain.clone() };
    assert!(own.may_decide(StaffId(4)).expect("stands in").stands_in);
    assert_eq!(refused(&own, 2), "own_draft");
}

#[test]
fn an_absence_lets_stand_in_but_not_who_recorded_it() {
    let away = |recorded_by: i64| {
        let mut chain = notice(Scope::Grade, only(&[2, 4]));
        chain.holders[0].away = vec![Absence { recorded_by: StaffId(recorded_by), until: Instant(99) }];
        chain
    };
    for recorded_by in [2, 5] {
        let chain = away(recorded_by);
        assert!(chain.may_decide(StaffId(4)).expect("stands in").stands_in, "{recorded_by}");
        assert!(chain.may_decide(StaffId(2)).is_ok(), "who is away may decide all the same");
        assert!(chain.able(&chain.steps[0]).1.expect("why").zh.contains("请假至"));
    }
    assert_eq!(refused(&away(4), 4), "absence_recorded_by_you");
    // The drafter's word does not open the way either.
    assert_eq!(refused(&away(1), 4), "post_can_decide");
}

#[test]
fn an_appointment_counts_that_was_confirmed_before_and_by_others() {
    let with = |change: fn(&mut Holder)| {
        let mut chain = notice(Scope::Grade, only(&[2]));
        change(&mut chain.holders[0]);
        chain
    };
    assert!(with(|_| {}).check_staffing().is_ok());
    let late = with(|h| h.confirmed_at = Instant(10));
    assert_eq!(refused(&late, 2), "appointed_later");
    assert_eq!(late.check_staffing().expect_err("nobody").kind, "step_without_person");
    // Oneself and the drafter are nobody else; one other person is enough.
    let among = with(|h| (h.given_by, h.confirmed_by) = (StaffId(2), StaffId(1)));
    assert_eq!(refused(&among, 2), "appointed_among_themselves");
    assert!(with(|h| h.given_by = StaffId(1)).may_decide(StaffId(2)).is_ok());
    assert!(with(|h| h.confirmed_by = StaffId(1)).may_decide(StaffId(2)).is_ok());
}

fn reaches_the_end(chain: &Chain) -> bool {
    (1..=8).any(|who| {
        let who = StaffId(who);
        let decide = Decide {
            verdict: Verdict::Approve,
            digest: chain.digest.clone(),
            reason: String::new(),
            passages: Vec::new(),
            password: None,
        };
        chain.decide(who, &decide).is_ok_and(|o| {
            let mut next = chain.clone();
            next.decisions.push(Decision {
                position: o.by.position,
                staff: who,
                verdict: Verdict::Approve,
                digest: chain.digest.clone(),
            });
            o.then == Then::Approved || reaches_the_end(&next)
        })
    })
}

/// What `check_staffing` lets pass can be brought to an end by its people,
/// and what it refuses cannot; for every preset and every author.
#[test]
fn a_submission_passes_exactly_where_it_can_be_approved() {
    let mut seen = [0, 0];
    for scope in [Scope::Grade, Scope::School] {
        // Also with few people at hand: where posts are vacant.
        for mask in 0u32..256 {
            let some: Vec<i64> = (1..=8).filter(|n| mask >> (n - 1) & 1 == 1).collect();
            for author in 1..=8 {
                let chain = Chain { author: StaffId(author), ..notice(scope, only(&some)) };
                let passes = chain.check_staffing().is_ok();
                assert_eq!(passes, reaches_the_end(&chain), "{scope:?} {mask:08b} {author}");
                seen[usize::from(passes)] += 1;
            }
        }
    }
    assert!(seen.iter().all(|n| *n > 100), "{seen:?}");
}
