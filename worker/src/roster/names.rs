//! Names of the moment: a page of the past shows who people were then.

/// SQL for the name that a row had at a moment: `kind` is that of `former_names`, `row` the alias of
/// the row, `at` an expression for the moment; where that is NULL, the name of today. Only who was
/// renamed since is looked up, by key.
pub fn name_at(kind: &str, row: &str, at: &str) -> String {
    formerly("name", kind, row, at)
}

/// The same for what a guardian was to the child.
pub fn relation_at(row: &str, at: &str) -> String {
    formerly("relation", "guardian", row, at)
}

fn formerly(column: &str, kind: &str, row: &str, at: &str) -> String {
    format!(
        "COALESCE((SELECT fn.{column} FROM former_names fn WHERE {row}.named_at > {at}
           AND fn.kind = '{kind}' AND fn.subject = {row}.id AND fn.until > {at} ORDER BY fn.until LIMIT 1), {row}.{column})"
    )
}
