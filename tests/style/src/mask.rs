//! Rust text with comments and the insides of literals blanked, so that rules see code only.
//! The result has the same lines and the same columns, counted in characters, as the input.

/// Blanks comments, and the contents of string, byte string and character literals.
pub fn code_only(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut mask = Mask {
        output: String::with_capacity(text.len()),
        characters: &characters,
        position: 0,
    };
    while mask.position < characters.len() {
        mask.step();
    }
    mask.output
}

struct Mask<'a> {
    output: String,
    characters: &'a [char],
    position: usize,
}

impl Mask<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.characters
            .get(self.position + ahead)
            .copied()
            .unwrap_or('\0')
    }

    fn keep(&mut self) {
        self.output.push(self.peek(0));
        self.position += 1;
    }

    /// Does nothing past the end, so that unfinished input keeps its length.
    fn blank(&mut self) {
        if self.position == self.characters.len() {
            return;
        }
        let kept = if self.peek(0) == '\n' { '\n' } else { ' ' };
        self.output.push(kept);
        self.position += 1;
    }

    fn step(&mut self) {
        let before = self
            .position
            .checked_sub(1)
            .map_or(' ', |at| self.characters[at]);
        let starts_word = !(before.is_alphanumeric() || before == '_');
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') if starts_word => self.raw_string(1),
            ('b', 'r') if starts_word && matches!(self.peek(2), '"' | '#') => self.raw_string(2),
            ('\'', _) => self.quote(),
            _ => self.keep(),
        }
    }

    fn line_comment(&mut self) {
        while self.position < self.characters.len() && self.peek(0) != '\n' {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.position < self.characters.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep();
        while self.position < self.characters.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.blank();
            }
            self.blank();
        }
        if self.position < self.characters.len() {
            self.keep();
        }
    }

    fn raw_string(&mut self, prefix: usize) {
        let hashes = (prefix..)
            .take_while(|ahead| self.peek(*ahead) == '#')
            .count();
        if self.peek(prefix + hashes) != '"' {
            self.keep();
            return;
        }
        for _ in 0..=prefix + hashes {
            self.keep();
        }
        while self.position < self.characters.len() {
            let closes = self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#');
            if closes {
                break;
            }
            self.blank();
        }
        for _ in 0..(hashes + 1).min(self.characters.len() - self.position) {
            self.keep();
        }
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let is_literal = self.peek(1) == '\\' || (self.peek(2) == '\'' && self.peek(1) != '\'');
        self.keep();
        if !is_literal {
            return;
        }
        if self.peek(0) == '\\' {
            self.blank();
        }
        self.blank();
        while self.position < self.characters.len() && self.peek(0) != '\'' {
            self.blank();
        }
        if self.position < self.characters.len() {
            self.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::code_only;

    #[test]
    fn comments_are_blanked() {
        assert_eq!(code_only("a // b\nc"), "a     \nc");
        assert_eq!(code_only("a /* b /* c */ d */ e"), "a                   e");
    }

    #[test]
    fn literals_are_blanked_and_their_quotes_kept() {
        assert_eq!(code_only(r#"f("a\"b", 1)"#), r#"f("    ", 1)"#);
        assert_eq!(code_only(r##"f(r#"a"b"#)"##), r##"f(r#"   "#)"##);
        assert_eq!(code_only(r#"f(br"a{")"#), r#"f(br"  ")"#);
        assert_eq!(
            code_only(r"m('{', '\'', '\u{7d}')"),
            r"m(' ', '  ', '      ')"
        );
    }

    #[test]
    fn lifetimes_and_raw_names_stay() {
        assert_eq!(
            code_only("fn f<'a>(x: &'a str) {}"),
            "fn f<'a>(x: &'a str) {}"
        );
        assert_eq!(code_only("let r#type = for_r; a"), "let r#type = for_r; a");
    }

    #[test]
    fn unfinished_input_ends() {
        for text in ["\"abc", "r#\"abc", "/* abc", "'\\", "\"a\\", "r#"] {
            assert_eq!(
                code_only(text).chars().count(),
                text.chars().count(),
                "{text}"
            );
        }
    }
}
