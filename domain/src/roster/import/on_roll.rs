//! Who on the roll a row of a file is: the one who has its number now, else
//! the one of the same name who had it and left. A number passes on when its
//! holder leaves, so that it may stand there several times.

use std::collections::HashMap;

/// A person with a number on the roll.
pub trait OnRoll {
    /// The number.
    fn number(&self) -> &str;
    /// The name.
    fn name(&self) -> &str;
    /// Whether the person has left.
    fn has_left(&self) -> bool;
}

/// Finds people by number and name.
pub struct Known<'a, T> {
    present: HashMap<&'a str, &'a T>,
    left: HashMap<&'a str, Vec<&'a T>>,
}

impl<'a, T: OnRoll> Known<'a, T> {
    /// Of these people; of several who left, the later ones stand behind.
    pub fn new(people: &'a [T]) -> Self {
        let mut known = Self { present: HashMap::new(), left: HashMap::new() };
        for person in people {
            if person.has_left() {
                known.left.entry(person.number()).or_default().push(person);
            } else {
                known.present.insert(person.number(), person);
            }
        }
        known
    }

    /// Who has the number now.
    pub fn present(&self, number: &str) -> Option<&'a T> {
        self.present.get(number).copied()
    }

    /// Whom a row with this number and name means, once it is settled that who
    /// has the number now is no other person.
    pub fn of(&self, number: &str, name: &str) -> Option<&'a T> {
        let left = || self.left.get(number)?.iter().rev().find(|p| same_name(p.name(), name)).copied();
        self.present(number).or_else(left)
    }
}

/// Whether two names are one, but for how it is written: 阿依·古丽 and 阿依古丽, Li Na and LI NA.
pub fn same_name(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> String {
        let is_letter = |c: &char| !c.is_whitespace() && !matches!(c, '·' | '•' | '・' | '‧' | '.' | '．');
        name.chars().filter(is_letter).flat_map(char::to_lowercase).collect()
    };
    one == other || letters(one) == letters(other)
}
