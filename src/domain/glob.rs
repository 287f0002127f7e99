//! Patterns of names: `*` stands for any characters, `?` for one.

/// A name, or a pattern of names. Upper and lower case differ, as they do at AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Takes a text: without `*` and `?` it is just a name.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether it stands for one name only.
    pub fn is_name(&self) -> bool {
        self.prefix().len() == self.0.len()
    }

    /// What all that matches begins with.
    pub fn prefix(&self) -> &str {
        self.0.split(['*', '?']).next().unwrap_or_default()
    }

    /// Whether a name matches as a whole. It takes time proportional to both lengths at most.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.0.chars().collect(), name.chars().collect());
        let (mut at, mut in_name) = (0, 0);
        // Behind the last star, and how far that star reaches. Only the last one ever has to reach further.
        let mut star: Option<(usize, usize)> = None;
        while in_name < name.len() {
            match (pattern.get(at), star) {
                (Some('*'), _) => {
                    at += 1;
                    star = Some((at, in_name));
                }
                (Some(&found), _) if found == '?' || found == name[in_name] => {
                    at += 1;
                    in_name += 1;
                }
                (_, Some((behind, reach))) => {
                    star = Some((behind, reach + 1));
                    (at, in_name) = (behind, reach + 1);
                }
                (_, None) => return false,
            }
        }
        pattern[at..].iter().all(|&left| left == '*')
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};
    use regex::Regex;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("checkout-api", "checkout-api", true)]
    #[case("checkout-api", "checkout-apis", false)]
    #[case("Checkout", "checkout", false)]
    #[case("team-a-*", "team-a-", true)]
    #[case("team-a-*", "team-b-x", false)]
    #[case("*-prod", "checkout-prod-prod", true)]
    #[case("*-prod", "checkout-prod-x", false)]
    #[case("a*b?c", "a--bb-c", true)]
    #[case("f-??", "f-1", false)]
    #[case("/aws/*/x", "/aws/lambda/team/x", true)]
    #[case("*", "", true)]
    #[case("", "", true)]
    fn names_match(#[case] pattern: &str, #[case] name: &str, #[case] expected: bool) {
        assert_eq!(Glob::new(pattern).matches(name), expected);
    }

    #[test]
    fn what_all_begin_with() {
        assert_eq!((Glob::new("a-b?c*").prefix(), Glob::new("a-b?c*").is_name()), ("a-b", false));
        assert_eq!((Glob::new("ab").prefix(), Glob::new("ab").is_name()), ("ab", true));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn it_is_what_a_regular_expression_says(pattern in "[ab*?]{0,8}", name in "[ab]{0,10}") {
            let expression = pattern.replace('*', ".*").replace('?', ".");
            let expected = Regex::new(&format!("^(?:{expression})$")).unwrap().is_match(&name);
            prop_assert_eq!(Glob::new(pattern).matches(&name), expected);
        }
    }
}
