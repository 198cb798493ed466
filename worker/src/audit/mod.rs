//! The audit log (I9): read, verified, and sealed by cron.

pub mod routes;
pub mod store;

pub use store::seal;

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Every action that the Worker's code logs has words for the screen.
    #[test]
    fn every_action_has_words() {
        fn actions(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).expect("the source") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    actions(&path, found);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let text = std::fs::read_to_string(&path).expect("source text");
                    for quoted in text.split('"').skip(1).step_by(2) {
                        let mut parts = quoted.split('.');
                        let areas = ["school", "roster", "account", "session", "message", "delivery"];
                        let is_action = matches!((parts.next(), parts.next(), parts.next()), (Some(area), Some(what), None)
                            if areas.contains(&area) && !what.is_empty() && what.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
                        if is_action {
                            found.push(quoted.to_owned());
                        }
                    }
                }
            }
        }
        let mut found = Vec::new();
        actions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() >= 15, "the search finds the code: {found:?}");
        for action in found {
            assert!(domain::audit::ACTIONS.iter().any(|(name, _)| *name == action), "{action} has no words");
        }
    }
}
