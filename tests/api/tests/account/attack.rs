//! Sign-in cannot be shut: whatever others type, the owner gets in; and
//! guessing stays slow.

use api_tests::{App, PASSPHRASE, Reply};
use domain::time::{MINUTE, SECOND};

const WRONG: &str = "not the passphrase at all";

/// How many seconds an answer asks to wait.
fn wait(reply: &Reply) -> i64 {
    assert_eq!(reply.refused(429), "throttled");
    reply.header("retry-after").and_then(|s| s.parse().ok()).expect("seconds")
}

/// Signs in as somebody patient would: waits as long as the answer asks, once.
fn patient(app: &mut App, address: &str, login: &str) -> (Reply, i64) {
    let first = app.anybody().sign_in_from(address, login, PASSPHRASE);
    if first.status != 429 {
        return (first, 0);
    }
    let seconds = wait(&first);
    app.forward(app.clock_offset() + seconds * SECOND);
    (app.anybody().sign_in_from(address, login, PASSPHRASE), seconds)
}

#[test]
fn a_thousand_wrong_passwords_from_many_addresses_lock_nobody_out() {
    let mut app = App::start();
    let mut home = app.anybody();
    assert_eq!(home.sign_in_from("192.0.2.1", "T0017", PASSPHRASE).status, 200);
    assert_eq!(home.sign_out().status, 204);
    assert_eq!(home.get("/api/me").status, 401);

    let mut hashed = 0;
    for n in 0..1_000 {
        let address = format!("198.51.{}.{}", n % 4, n % 250);
        hashed += usize::from(app.anybody().sign_in_from(&address, "T0017", WRONG).status == 401);
    }
    assert!((1..=30).contains(&hashed), "{hashed} guesses were tried");

    // A browser in which the account was opened before is let in at once.
    assert_eq!(home.clone().sign_in_from("198.51.0.0", "T0017", PASSPHRASE).status, 200);
    // A new one after a turn.
    let (reply, waited) = patient(&mut app, "203.0.113.9", "T0017");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(waited <= 60, "{waited} seconds");
}

/// The turn that one waits is one's own: those who go on guessing elsewhere do not take it.
#[test]
fn a_turn_is_nobody_elses() {
    let mut app = App::start();
    let guess = |app: &App, from: std::ops::Range<u32>| {
        for n in from {
            app.anybody().sign_in_from(&format!("198.51.100.{n}"), "T0017", WRONG);
        }
    };
    guess(&app, 0..60);
    let first = app.anybody().sign_in_from("203.0.113.9", "T0017", PASSPHRASE);
    let seconds = wait(&first);
    app.forward(seconds * SECOND);
    guess(&app, 60..120);
    guess(&app, 0..60);
    assert_eq!(app.anybody().sign_in_from("203.0.113.9", "T0017", PASSPHRASE).status, 200);
}

#[test]
fn an_address_full_of_failures_does_not_shut_out_a_school() {
    let mut app = App::start();
    for n in 0..127 {
        let reply = app.anybody().sign_in_from("192.0.2.1", &format!("X{n}"), WRONG);
        assert_eq!(reply.status, 401, "{n}");
    }
    for number in ["T0003", "T0001", "T0018"] {
        assert_eq!(app.anybody().sign_in_from("192.0.2.1", number, PASSPHRASE).status, 200, "{number}");
    }
    // However many there are, a colleague waits a turn at most.
    for n in 127..900 {
        app.anybody().sign_in_from("192.0.2.1", &format!("X{n}"), WRONG);
    }
    let (reply, waited) = patient(&mut app, "192.0.2.1", "T0042");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!((1..=60).contains(&waited), "{waited} seconds");
}

#[test]
fn one_who_guesses_at_the_owners_address_slows_the_owner_by_a_minute_at_most() {
    let mut app = App::start();
    for _ in 0..40 {
        let reply = app.anybody().sign_in_from("192.0.2.1", "T0017", WRONG);
        if reply.status == 429 {
            let seconds = wait(&reply);
            assert!(seconds <= 60, "{seconds}");
            app.forward(app.clock_offset() + seconds * SECOND);
        }
    }
    let (reply, waited) = patient(&mut app, "192.0.2.1", "T0017");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(waited <= 60, "{waited} seconds");
}

/// What is spent on hashing is bounded, whoever asks for it.
#[test]
fn an_address_gets_so_many_hashes_and_no_more() {
    let app = App::start();
    let hashed =
        (0..1_000).filter(|n| app.anybody().sign_in_from("192.0.2.1", &format!("X{n}"), WRONG).status == 401);
    let hashed = hashed.count();
    // 300 at once, and one each five seconds.
    assert!((300..400).contains(&hashed), "{hashed}");
}

#[test]
fn one_number_in_many_spellings_is_one_account() {
    let spellings = [
        "T0018",
        "t0018",
        "Ｔ００１８",
        " T 0018\u{3000}",
        "19900042652",
        "+86 199 0004 2652",
        "１９９－０００４－２６５２",
    ];
    let app = App::start();
    for login in spellings {
        let reply = app.anybody().sign_in_from("192.0.2.1", login, PASSPHRASE);
        assert_eq!(reply.status, 200, "{login}");
    }
    let statuses: Vec<u16> =
        spellings.map(|login| app.anybody().sign_in_from("192.0.2.2", login, WRONG).status).into();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429], "they are counted together");
    // Also where nobody has the number.
    let nobody = ["T9999", "t9999", "Ｔ９９９９", "T 9999", "t９９９９", "T9999"];
    let statuses: Vec<u16> =
        nobody.map(|login| app.anybody().sign_in_from("192.0.2.3", login, WRONG).status).into();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
}

#[test]
fn a_known_browser_is_known_to_its_account_only() {
    let app = App::start();
    let mut browser = app.anybody();
    assert_eq!(browser.sign_in_from("192.0.2.1", "T0017", PASSPHRASE).status, 200);
    for n in 0..60 {
        app.anybody().sign_in_from(&format!("198.51.100.{n}"), "T0017", WRONG);
        app.anybody().sign_in_from(&format!("198.51.100.{n}"), "T0016", WRONG);
    }
    assert_eq!(
        browser.clone().sign_in_from("203.0.113.7", "T0016", PASSPHRASE).status,
        429,
        "not to a colleague's"
    );
    let mut forged = browser.clone();
    let last = if forged.cookie.ends_with('0') { '1' } else { '0' };
    forged.cookie.pop();
    forged.cookie.push(last);
    assert_eq!(forged.sign_in_from("203.0.113.7", "T0017", PASSPHRASE).status, 429, "a mark is not made up");
    // Guessing in the known browser itself is slow, too.
    let statuses: Vec<u16> =
        (0..6).map(|_| browser.clone().sign_in_from("203.0.113.8", "T0017", WRONG).status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
}

/// A computer in the teachers' office is known to several colleagues, and stays so when one signs out.
#[test]
fn a_browser_is_known_to_several_accounts() {
    let app = App::start();
    let mut browser = app.anybody();
    for number in ["T0015", "T0016", "T0017"] {
        assert_eq!(browser.sign_in_from("192.0.2.1", number, PASSPHRASE).status, 200);
        assert_eq!(browser.sign_out().status, 204);
    }
    for number in ["T0015", "T0017"] {
        for n in 0..60 {
            app.anybody().sign_in_from(&format!("198.51.100.{n}"), number, WRONG);
        }
        assert_eq!(browser.sign_in_from("203.0.113.7", number, PASSPHRASE).status, 200, "{number}");
    }
}

/// Long after an attack all is as before it.
#[test]
fn an_attack_that_ended_is_forgotten() {
    let mut app = App::start();
    for n in 0..100 {
        app.anybody().sign_in_from(&format!("198.51.100.{n}"), "T0017", WRONG);
    }
    assert_eq!(app.anybody().sign_in_from("203.0.113.9", "T0017", PASSPHRASE).status, 429);
    app.forward(30 * MINUTE);
    assert_eq!(app.anybody().sign_in_from("203.0.113.10", "T0017", PASSPHRASE).status, 200);
}
