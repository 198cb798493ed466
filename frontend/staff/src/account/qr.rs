//! A QR code as one path of an SVG: sharp on paper, and no image to download.

use leptos::prelude::*;
use qrcode::{Color, QrCode};

/// Light modules around it, which readers need.
const QUIET: usize = 4;

/// The code's width in modules, and its dark ones as a path; none where the text is too long.
fn drawn(text: &str) -> Option<(usize, String)> {
    let code = QrCode::new(text).ok()?;
    let (width, modules) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            let n = run.len();
            if run.first() == Some(&Color::Dark) {
                path.push_str(&format!("M{x} {y}h{n}v1h-{n}z"));
            }
            x += n;
        }
    }
    Some((width, path))
}

#[component]
pub fn Qr(
    text: String,
    /// What it leads to, for screen readers.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    drawn(&text).map(|(width, path)| {
        let all = width + 2 * QUIET;
        view! {
            <svg class="s-qr" role="img" aria-label=move || label.get() viewBox=format!("-{QUIET} -{QUIET} {all} {all}")>
                <path d=path shape-rendering="crispEdges" />
            </svg>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_once() {
        let link = "https://xx.example.cn/activate#79EE-22FZ-8801-FE6K";
        let (width, path) = drawn(link).expect("it fits");
        let dark =
            QrCode::new(link).expect("a code").to_colors().iter().filter(|c| **c == Color::Dark).count();
        let runs = path.split('h').skip(1).step_by(2);
        let drawn: usize = runs.filter_map(|r| r.split('v').next()?.parse::<usize>().ok()).sum();
        assert_eq!(drawn, dark);
        assert!(width <= 37, "small enough for a phone's camera: {width}");
        assert!(path.starts_with("M0 0h7v1h-7z"), "its corner is a square of seven: {path}");
    }
}
