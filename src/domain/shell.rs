//! Words of a command line, as a POSIX shell takes them.

/// A word for a shell, in quotes only where it needs them.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@+".contains(&byte);
    // zsh takes what begins with `=` for the place of a program.
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:4566", "http://127.0.0.1:4566")]
    #[case("a/b+c=", "a/b+c=")]
    #[case("=ls", "'=ls'")]
    #[case("", "''")]
    #[case("a b", "'a b'")]
    #[case("$LATEST", "'$LATEST'")]
    #[case("~", "'~'")]
    #[case("ä", "'ä'")]
    #[case("a'b$(c)", r"'a'\''b$(c)'")]
    #[case("line\nbreak", "'line\nbreak'")]
    fn words(#[case] word: &str, #[case] expected: &str) {
        assert_eq!(quoted(word), expected);
    }
}
