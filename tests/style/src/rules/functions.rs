//! No function is longer than 70 lines, from its `fn` to its closing brace. Expects text as rustfmt leaves it.

use crate::offence::Offence;
use crate::source::{Source, line_of, word_positions};

const LINES_MAX: usize = 70;

/// Finds functions that are too long.
pub fn length(source: &Source) -> Vec<Offence> {
    if source.is_generated() {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for start in word_positions(&source.code, "fn") {
        let Some(end) = body_end(&source.code, start) else {
            continue;
        };
        let first = line_of(&source.code, start);
        let lines = line_of(&source.code, end) - first + 1;
        if lines > LINES_MAX {
            let what = format!("a function of {lines} lines, at most {LINES_MAX}");
            offences.push(Offence::at(&source.path, first, what));
        }
    }
    offences
}

/// The position of the brace that closes the function whose `fn` is at `start`; `None` for a mere signature or type.
fn body_end(code: &str, start: usize) -> Option<usize> {
    let is_type = code[start + "fn".len()..].trim_start().starts_with('(');
    if is_type {
        return None;
    }
    let mut enclosing = 0;
    let mut braces = 0;
    for (offset, character) in code[start..].char_indices() {
        match character {
            '(' | '[' if braces == 0 => enclosing += 1,
            ')' | ']' if braces == 0 => enclosing -= 1,
            ';' if braces == 0 && enclosing == 0 => return None,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        if character == '}' && braces <= 0 {
            return (braces == 0).then_some(start + offset);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<usize> {
        let source = Source::new("a.rs", text);
        length(&source)
            .into_iter()
            .map(|offence| offence.line)
            .collect()
    }

    #[test]
    fn seventy_lines_pass_and_one_more_does_not() {
        let body = |lines: usize| format!("fn f() {{\n{}}}\n", "    x();\n".repeat(lines - 2));
        assert_eq!(check(&body(70)), Vec::<usize>::new());
        assert_eq!(check(&body(71)), [1]);
    }

    #[test]
    fn the_long_one_among_others_is_found() {
        let long = format!(
            "    fn g<A, B>(a: [u8; 3])\n    where\n        A: X,\n        B: Y,\n    {{\n{}    }}\n",
            "        x('{');\n".repeat(80)
        );
        let text = format!("trait T {{\n    fn f(&self);\n{long}    fn h() {{}}\n}}\n");
        assert_eq!(check(&text), [3]);
    }

    #[test]
    fn function_types_and_braces_in_literals_do_not_confuse() {
        let types = format!(
            "struct S {{\n    f: fn(u8) -> u8,\n{}}}\n",
            "    a: u8,\n".repeat(90)
        );
        assert_eq!(check(&types), Vec::<usize>::new());
        let literal = format!(
            "fn f() {{\n    \"{{\"\n}}\n{}",
            "const A: u8 = 1;\n".repeat(90)
        );
        assert_eq!(check(&literal), Vec::<usize>::new());
    }
}
