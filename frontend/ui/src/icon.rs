//! Icons: drawn as strokes on a 24 × 24 grid, in the colour of the text.

use leptos::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IconName {
    /// A house: the start page.
    Home,
    /// An envelope: messages.
    Message,
    /// A pencil: write.
    Write,
    /// People: classes, parents.
    People,
    /// A badge with a face: staff.
    Staff,
    /// An arrow into a tray: import.
    Import,
    /// A tree: units.
    Units,
    /// A cog: settings.
    Settings,
    /// A shield: audit, safety.
    Shield,
    /// One person: oneself.
    Person,
    /// Three dots: more.
    More,
    /// `<`.
    Back,
    /// `>`.
    Forward,
    /// A tick.
    Check,
    /// A tick in a circle: done.
    Done,
    /// An exclamation mark in a triangle.
    Warning,
    /// An `i` in a circle.
    Info,
    /// A cross.
    Close,
    /// A hand: stop.
    Stop,
    /// A door with an arrow: sign out.
    Leave,
    /// A globe: language.
    Globe,
    /// A printer.
    Print,
    /// A magnifying glass.
    Search,
    /// A clock.
    Clock,
    /// A book: the register.
    Book,
    /// A phone.
    Phone,
    /// A circling arrow: again.
    Again,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::Home => "M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
            Self::Message => "M4 6h16v12H4zM4 7l8 6 8-6",
            Self::Write => "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
            Self::People => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 3-6 6.5-6s6.5 2.5 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.5c2.2.8 3.5 2.8 3.5 5.5"
            }
            Self::Staff => {
                "M5 5h14v15H5zM9 3h6v4H9zM12 14a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8.5 17.5c.6-1.600 1.900-2.200 3.500-2.200s2.900.6 3.500 2.200"
            }
            Self::Import => "M12 3v11M8 10l4 4 4-4M4 15v4a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-4",
            Self::Units => "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
            Self::Settings => {
                "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 2.500v3M12 18.500v3M2.500 12h3M18.500 12h3M5.300 5.300l2.100 2.100M16.600 16.600l2.100 2.100M18.700 5.300l-2.100 2.100M7.400 16.600l-2.100 2.100"
            }
            Self::Shield => {
                "M12 3l8 3v6c0 4.500-3.300 7.700-8 9-4.700-1.300-8-4.500-8-9V6zM8.500 12l2.500 2.500 4.500-5"
            }
            Self::Person => {
                "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c.8-3.800 3.800-6 7.500-6s6.700 2.200 7.500 6"
            }
            Self::More => "M5 12h.01M12 12h.01M19 12h.01",
            Self::Back => "M15 5l-7 7 7 7",
            Self::Forward => "M9 5l7 7-7 7",
            Self::Check => "M5 12.500l4.500 4.500L19 7.500",
            Self::Done => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12l3 3 5-6",
            Self::Warning => "M12 4l9 16H3zM12 10v4.500M12 17.300h.01",
            Self::Info => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.800h.01",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Stop => "M8 3h8l5 5v8l-5 5H8l-5-5V8zM8.500 12h7",
            Self::Leave => "M14 4H5v16h9M10 12h11M17.500 8.500L21 12l-3.500 3.500",
            Self::Globe => {
                "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c2.500 2.500 3.700 5.500 3.700 9s-1.200 6.500-3.700 9c-2.500-2.500-3.700-5.500-3.700-9S9.500 5.500 12 3z"
            }
            Self::Print => "M7 9V3h10v6M7 17H4v-8h16v8h-3M7 14h10v7H7z",
            Self::Search => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
            Self::Clock => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.500l3.500 2",
            Self::Book => {
                "M6 3h13v18H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM4 19a2 2 0 0 1 2-2h13M8.500 7.500h6.500M8.500 11h6.500"
            }
            Self::Phone => "M7 2.500h10v19H7zM11 18.500h2",
            Self::Again => "M20 5v5h-5M19.500 10a8 8 0 1 0 .5 4",
        }
    }
}

/// An icon beside words; it says nothing by itself to a screen reader.
#[component]
pub fn Icon(
    /// Which.
    name: IconName,
) -> impl IntoView {
    view! {
        <svg class="x-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=name.path() />
        </svg>
    }
    .into_any()
}
