//! Names out of the ways feeds write a person.

use crate::text;

/// A name out of `Name`, `mail@x (Name)`, `Name <mail@x>`, `mail@x`; `None` where there is nothing.
pub(crate) fn name(written: &str) -> Option<String> {
    let written = text::headline(written)?;
    if let Some((before, rest)) = written.split_once('(') {
        let inside = rest.trim_end().trim_end_matches(')').trim();
        if before.trim().contains('@') && !before.trim().contains(' ') && !inside.is_empty() {
            return Some(inside.to_owned());
        }
    }
    if let Some((before, rest)) = written.split_once('<')
        && rest.contains('@')
        && !before.trim().is_empty()
    {
        return Some(before.trim().trim_matches('"').to_owned());
    }
    // "mail@x Name" happens too.
    if let Some((mail, name)) = written.split_once(' ')
        && mail.contains('@')
        && !name.contains('@')
    {
        let name = name.trim_matches(['(', ')', ' ', '-']);
        return Some(if name.is_empty() { mail } else { name }.to_owned());
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_write_a_person() {
        for (written, expected) in [
            ("Ada Example", "Ada Example"),
            ("ada@mail.example (Ada Example)", "Ada Example"),
            ("Ada Example <ada@mail.example>", "Ada Example"),
            ("ada@mail.example", "ada@mail.example"),
            ("ada@mail.example Ada Example", "Ada Example"),
            ("Ada Example (Exampletown)", "Ada Example (Exampletown)"),
            ("ada@mail.example ()", "ada@mail.example"),
        ] {
            assert_eq!(name(written).unwrap_or_else(|| "nobody".into()), expected, "{written}");
        }
        assert_eq!(name("  "), None);
    }
}
