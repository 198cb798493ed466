//! The text of a schema's statements, so that two can be compared: the build
//! reads them in the migrations, the Worker in the database.

/// A statement without comments, with single spaces and no semicolon behind it.
pub fn plain(sql: &str) -> String {
    let code = sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    let words: Vec<&str> = code.flat_map(str::split_whitespace).collect();
    words.join(" ").trim_end_matches(';').trim_end().to_owned()
}
