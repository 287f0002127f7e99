//! Short names: what stands before each row must tell the sources apart and leave room for the row.

use std::collections::HashSet;

use super::Source;
use crate::domain::text::width;

/// Up to this many columns a name is short enough.
const SHORT: usize = 12;

/// What stands between the parts of a name.
const BETWEEN: [char; 4] = ['-', '_', '.', '/'];

/// Gives each source its label, so that no two have the same.
pub(super) fn arrange(sources: &mut [Source]) {
    let names: Vec<String> = sources
        .iter()
        .map(|source| match &source.function {
            // All of the names would take the room of the row.
            Some(function) if source.sharing.len() > 1 => {
                format!("{function} + {} more", source.sharing.len())
            }
            _ => source.name(),
        })
        .collect();
    for (source, label) in sources.iter_mut().zip(short(&names)) {
        source.label = label;
    }
}

/// The names without what all of them begin and end with, where they are long and what is left is still a name:
/// `checkout-api-prod` and `checkout-worker-prod` are `api` and `worker`. Only whole parts go.
pub fn short(names: &[String]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = names.iter().map(|name| name.split_inclusive(BETWEEN).collect()).collect();
    let is_short = names.iter().all(|name| width(name) <= SHORT);
    let Some(least) = parts.iter().map(Vec::len).min().filter(|_| names.len() > 1 && !is_short) else {
        return names.to_vec();
    };
    // A part that ends a name has nothing behind it.
    let common = |nth: &dyn Fn(&[&str]) -> Option<String>| {
        let all: HashSet<Option<String>> = parts.iter().map(|parts| nth(parts)).collect();
        all.len() == 1
    };
    let front = (0..least)
        .take_while(|nth| {
            common(&|parts| parts.get(*nth).map(|part| part.trim_end_matches(BETWEEN).to_owned()))
        })
        .count();
    let back = (0..least.saturating_sub(front))
        .take_while(|nth| {
            common(&|parts| {
                let at = parts.len().checked_sub(nth + 1)?;
                parts.get(at).map(|part| part.trim_end_matches(BETWEEN).to_owned())
            })
        })
        .count();
    // What was taken away comes back part by part until each is a name: first the front, which one reads first.
    let cuts = (0..=front).rev().map(|front| (front, back)).chain((0..back).rev().map(|back| (0, back)));
    cuts.map(|(front, back)| parts.iter().map(|parts| cut(parts, front, back)).collect::<Vec<String>>())
        .find(|labels| labels.iter().all(|label| is_name(label)) && are_distinct(labels))
        .unwrap_or_else(|| names.to_vec())
}

fn cut(parts: &[&str], front: usize, back: usize) -> String {
    let end = parts.len().saturating_sub(back).max(front);
    parts[front.min(end)..end].concat().trim_end_matches(BETWEEN).to_owned()
}

/// Whether people would take it for a name: not a single letter, not just a number.
fn is_name(label: &str) -> bool {
    width(label) > 1 && label.chars().any(char::is_alphabetic)
}

fn are_distinct(labels: &[String]) -> bool {
    labels.iter().collect::<HashSet<_>>().len() == labels.len()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["checkout-api-prod", "checkout-worker-prod"], &["api", "worker"])]
    #[case(&["checkout-api", "checkout-worker"], &["api", "worker"])]
    #[case(&["api", "worker"], &["api", "worker"])]
    #[case(&["checkout-api-prod"], &["checkout-api-prod"])]
    #[case(&["checkout-api-prod", "image-resizer"], &["checkout-api-prod", "image-resizer"])]
    // A number alone is no name.
    #[case(&["team-checkout-1", "team-checkout-2"], &["checkout-1", "checkout-2"])]
    #[case(&["a-long-name-prod", "a-long-name-x-prod"], &["name", "name-x"])]
    #[case(&["shop-checkout-a-prod", "shop-checkout-b-prod"], &["checkout-a", "checkout-b"])]
    #[case(&["/ecs/checkout", "/ecs/worker-nodes"], &["checkout", "worker-nodes"])]
    #[case(&["twice-the-same", "twice-the-same"], &["twice-the-same", "twice-the-same"])]
    fn what_all_have_goes(#[case] names: &[&str], #[case] expected: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(short(&names), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn labels_tell_apart_what_names_tell_apart(
            names in prop::collection::hash_set("[abx](-[abx1]{1,3}){0,5}(-prod)?", 1..6)
        ) {
            let names: Vec<String> = names.into_iter().map(|name| format!("checkout-{name}")).collect();
            let labels = short(&names);
            prop_assert!(are_distinct(&labels));
            for (label, name) in labels.iter().zip(&names) {
                prop_assert!(!label.is_empty() && name.contains(label.as_str()), "{} of {}", label, name);
            }
        }
    }
}
