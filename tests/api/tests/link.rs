//! The parents' page: what it shows, what it may change, who can open it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use api_tests::{App, Client, Reply, link_in};
use domain::delivery::DeliveryList;
use domain::ids::MessageId;

/// A school in which a class notice has been delivered.
struct Story {
    app: App,
    teacher: Client,
    id: MessageId,
}

fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let app = App::start();
        let (teacher, id) = app.class_notice();
        app.settled(&teacher, id);
        Story { app, teacher, id }
    })
}

/// The links of the notice, one for each phone.
fn links() -> Vec<String> {
    story().app.sms().iter().map(|s| link_in(&s.text)).collect()
}

fn answers(app: &App) -> i64 {
    app.count("SELECT COUNT(*) FROM answers")
}

#[track_caller]
fn parents_headers(reply: &Reply) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    assert!(reply.header("x-robots-tag").is_some_and(|v| v.contains("noindex")));
    let csp = reply.header("content-security-policy").expect("a policy");
    assert!(csp.contains("default-src 'none'") && csp.contains("form-action 'self'"), "{csp}");
    assert!(!csp.contains("script-src") && !csp.contains("unsafe"), "{csp}");
    assert_eq!(reply.header("set-cookie"), None);
}

#[test]
fn the_page_says_it_all_without_a_script() {
    let parent = story().app.anybody();
    let page = parent.get(&links()[0]);
    assert_eq!(page.status, 200);
    parents_headers(&page);
    let list: DeliveryList = story().teacher.get(&format!("/api/messages/{}/deliveries", story().id)).json();
    for words in ["示范中学", "秋季运动会安排", "本周五举行秋季运动会", "八年级1班", "班主任"]
    {
        assert!(page.body.contains(words), "{words}");
    }
    assert!(list.children.iter().any(|c| page.body.contains(&c.name)), "the child's name");
    assert!(!page.body.contains("<script"), "no script");
    assert!(page.body.contains("<html lang=\"zh-CN\""), "its language");
    assert!(page.body.len() <= 14_000, "{} bytes", page.body.len());
    assert!(!page.body.contains("src=\"http") && !page.body.contains("url(http"), "one request");
    let english = parent.get(&format!("{}?lang=en", links()[0]));
    assert!(english.body.contains("<html lang=\"en\""));
    let (trips, ..) = App::usage(&page);
    assert_eq!(trips, 1, "one round trip to D1");
}

#[test]
fn i8_looking_never_confirms() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let link = link_in(&app.sms()[0].text);
    let parent = app.anybody();
    let bots = ["", "Mozilla/5.0 (compatible; Baiduspider/2.0)", "facebookexternalhit/1.1", "curl/8"];
    for bot in bots {
        for method in ["GET", "HEAD"] {
            for path in [link.clone(), format!("{link}?action=confirm"), format!("{link}?lang=en&confirm=1")]
            {
                assert_eq!(
                    parent.send(method, &path, None, &[("user-agent", bot)]).status,
                    200,
                    "{method} {path}"
                );
            }
        }
    }
    assert_eq!(answers(&app), 0);
    let funnel = teacher.funnel(id);
    assert_eq!((funnel.confirmed, funnel.opened), (0, 1), "opened is a hint, once a phone");
    let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    let rows = list.children.iter().flat_map(|c| &c.guardians);
    assert!(rows.filter(|g| g.opened_at.is_some()).count() > 0, "the named list tells when");
}

#[test]
fn i8_a_prefetch_is_no_opening() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let link = link_in(&app.sms()[0].text);
    let parent = app.anybody();
    for (name, purpose) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("x-purpose", "preview"),
    ] {
        assert_eq!(parent.send("GET", &link, None, &[(name, purpose)]).status, 200, "{name}");
        assert_eq!(teacher.funnel(id).opened, 0, "{name}: {purpose}");
    }
    parent.send("GET", &link, None, &[("sec-purpose", "")]);
    assert_eq!(teacher.funnel(id).opened, 1, "a tap is one");
}

#[test]
fn a_tap_confirms_once_for_the_family() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let link = link_in(&app.sms()[3].text);
    let parent = app.anybody();
    for _ in 0..3 {
        let reply = parent.confirm(&link);
        assert_eq!(reply.status, 303, "{}", reply.body);
        assert_eq!(reply.header("location"), Some(link.as_str()));
    }
    assert_eq!(answers(&app), 1, "a second tap changes nothing");
    assert_eq!(teacher.funnel(id).confirmed, 1);
    let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    let confirmed: Vec<_> = list.children.iter().filter(|c| c.confirmed).collect();
    assert!(!confirmed.is_empty());
    assert!(confirmed.iter().all(|c| c.guardians.iter().any(|g| g.confirmed_at.is_some())));
    assert!(!parent.get(&link).body.contains("<button"), "nothing is left to confirm");
}

#[test]
fn many_taps_at_once_are_one_answer() {
    let link = links()[5].clone();
    let before = answers(&story().app);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            let parent = story().app.anybody();
            let link = &link;
            scope.spawn(move || assert_eq!(parent.confirm(link).status, 303));
        }
    });
    assert_eq!(answers(&story().app), before + 1);
}

#[test]
fn wrong_links_all_end_at_the_same_page() {
    let parent = story().app.anybody();
    let good = links()[7].clone();
    let token = good.trim_start_matches("/m/");
    let mut wrong: Vec<String> = (0..token.len())
        .map(|at| {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        })
        .collect();
    wrong.extend([
        token[..31].to_owned(),
        format!("{token}A"),
        "x".into(),
        "%00".into(),
        "..%2f..%2fapi%2fme".into(),
        "A".repeat(32),
        "家长".into(),
        "A".repeat(4000),
    ]);
    let pages: BTreeSet<String> = wrong
        .iter()
        .map(|token| {
            let path = format!("/m/{}", token.replace('家', "%E5%AE%B6").replace('长', "%E9%95%BF"));
            let reply = parent.get(&path);
            assert_eq!(reply.status, 404, "{token}");
            parents_headers(&reply);
            assert_eq!(parent.confirm(&path).status, 404, "{token}");
            reply.body
        })
        .collect();
    assert_eq!(pages.len(), 1, "one page for all");
}

#[test]
fn a_link_takes_nothing_but_its_answer() {
    let parent = story().app.anybody();
    let link = links()[9].clone();
    let before = answers(&story().app);
    let post = |body: &str| {
        parent.send(
            "POST",
            &link,
            Some(body.as_bytes()),
            &[("content-type", "application/x-www-form-urlencoded")],
        )
    };
    for body in ["", "action=", "action=delete", "{}", "confirm", "action=confirmaction=confirm"] {
        // Back to the page, or refused: either way nothing is answered.
        let status = post(body).status;
        assert!(status == 303 || (400..500).contains(&status), "{body}: {status}");
    }
    let status = post(&"x".repeat(2_000)).status;
    assert_eq!(status, 413);
    for method in ["PUT", "DELETE", "PATCH"] {
        assert_eq!(parent.send(method, &link, None, &[]).status, 405, "{method}");
    }
    assert_eq!(answers(&story().app), before);
}

/// I11: the token opens a child's page, so it may stand in no log.
#[test]
fn i11_no_token_is_logged() {
    for link in links() {
        story().app.anybody().get(&link);
    }
    let log = story().app.log();
    for link in links() {
        assert!(!log.contains(link.trim_start_matches("/m/")), "a token in the log");
    }
}

#[test]
fn the_message_has_its_number_in_the_class() {
    let page = story().app.anybody().get(&links()[0]).body;
    assert!(page.contains("本班第 1 条通知"), "{page}");
}

/// Failures count by address; a link that is there opens whatever else comes from behind that address.
#[test]
fn links_that_lead_nowhere_are_limited_by_address() {
    let parent = story().app.anybody();
    let from =
        |address: &str, path: &str| parent.send("GET", path, None, &[("cf-connecting-ip", address)]).status;
    let forged = format!("/m/{}", "A".repeat(32));
    let tries = |address: &str| (0..310).map(|_| from(address, &forged)).collect::<Vec<_>>();
    let statuses = tries("203.0.113.7");
    // The minute may change on the way: then the count begins again.
    let mut again = statuses;
    if !again.contains(&429) {
        again = tries("203.0.113.7");
    }
    assert_eq!((again[0] == 404 || again[0] == 429, again.contains(&429)), (true, true));
    assert_eq!(from("203.0.113.7", &links()[0]), 200, "a family behind it is spared");
    assert_eq!(from("203.0.113.8", &forged), 404, "another address has its own count");
}
