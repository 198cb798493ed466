//! A university, loaded as its office would do it: setup, the two rosters, the
//! second person, accounts for the people whom the demo names.

use std::path::Path;

use domain::account::{Slip, SlipView};
use domain::roster::{ImportPreview, StaffView};
use serde::Deserialize;
use serde_json::json;

use crate::{App, PASSPHRASE};

/// Staff numbers of `schools.university.accounts` in `scripts/lib/demo.mjs`, the two administrators last.
const ACCOUNTS: [&str; 16] = [
    "U0005", "U0004", "U0003", "U0001", "U0002", "U0008", "U0009", "U0017", "U0016", "U0015", "U0014",
    "U0073", "U0072", "U0071", "U0007", "U0006",
];

#[derive(Deserialize)]
struct Slips {
    slips: Vec<Slip>,
}

impl App {
    /// The university of `tests/data`, by the university's regulation, with accounts for its posts.
    ///
    /// # Panics
    /// Where a step of loading it is refused.
    pub fn university() -> Self {
        let app = Self::empty();
        let anybody = app.anybody();
        let setup = json!({
            "name": "示范大学", "signature": "示范大学", "platform_word": "校信通", "regulation": "university",
            "window": { "from": 0, "to": 1440 },
            "administrators": [{ "number": "U0007", "name": "范瑶桐" }, { "number": "U0006", "name": "武景" }],
        });
        let key = format!("Bearer {}", app.setup_key());
        let body = serde_json::to_vec(&setup).expect("json");
        let opened = anybody.send("POST", "/api/setup", Some(&body), &[("authorization", &key)]);
        for slip in &opened.json::<Slips>().slips {
            assert_eq!(anybody.activate(slip, PASSPHRASE).status, 204);
        }
        let (admin, second) = (app.signed_in("U0007"), app.signed_in("U0006"));
        for kind in ["staff", "students"] {
            let file = format!("../data/university-{kind}.csv");
            let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a roster");
            let preview: ImportPreview =
                admin.upload(&format!("/api/roster/imports?kind={kind}"), &bytes).json();
            let applied = admin.post(&format!("/api/roster/imports/{}/apply", preview.id), &preview.likely());
            assert_eq!(applied.status, 200, "{}", applied.body);
            if kind == "staff" {
                second.confirm_waiting();
            }
        }
        let staff: Vec<StaffView> = admin.get("/api/staff").json();
        let wanted = staff.iter().filter(|s| ACCOUNTS.contains(&s.number.as_str()) && !s.active);
        let ids: Vec<_> = wanted.map(|s| s.id).collect();
        let mut slips: Vec<Slip> = admin.post("/api/staff/activations", &json!({ "staff": ids })).json();
        for waiting in second.get("/api/staff/activations").json::<Vec<SlipView>>() {
            let path = format!("/api/staff/activations/{}/confirm", waiting.id);
            slips.push(second.post(&path, &json!({})).json());
        }
        for slip in slips.iter().filter(|s| !s.waits) {
            assert_eq!(anybody.activate(slip, PASSPHRASE).status, 204);
        }
        app
    }
}
