//! Finding a template by what one remembers of it.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use super::{Template, all};

/// Likeness from 0 to 1 above which an id may be what was meant.
const LIKE: f64 = 0.8;
/// The most that are named as what may have been meant.
const NEAREST: usize = 3;

/// The templates that fit all words, best first: by their ids (letters in order), or by a part of title, service or
/// description. No words: all of them, in their order.
#[must_use]
pub fn search(words: &str) -> Vec<&'static Template> {
    let words: Vec<Word> = words.split_whitespace().map(Word::new).collect();
    if words.is_empty() {
        return all().iter().collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut found: Vec<(u32, &Template)> = all()
        .iter()
        .filter_map(|template| {
            let ranks = words.iter().map(|word| word.rank(template, &mut matcher));
            Some((ranks.sum::<Option<u32>>()?, template))
        })
        .collect();
    found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    found.into_iter().map(|(_, template)| template).collect()
}

/// The few templates that may have been meant by an id that there is not.
#[must_use]
pub fn nearest(id: &str) -> Vec<&'static Template> {
    let lower = id.to_lowercase();
    let likeness = |template: &&Template| strsim::jaro_winkler(&lower, template.id);
    let mut like: Vec<(f64, &Template)> = all()
        .iter()
        .map(|template| (likeness(&template), template))
        .filter(|(how, _)| *how >= LIKE)
        .collect();
    like.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    // What the search finds has the very letters; what is like it may be mistyped.
    let mut nearest: Vec<&Template> = search(&lower.replace(['-', '_', '.', '/', ':'], " "));
    if nearest.len() == all().len() {
        nearest.clear();
    }
    nearest.truncate(NEAREST);
    for (_, template) in like {
        if nearest.len() < NEAREST && nearest.iter().all(|known| known.id != template.id) {
            nearest.push(template);
        }
    }
    nearest
}

/// A word of a search.
struct Word {
    lower: String,
    atom: Atom,
}

impl Word {
    fn new(word: &str) -> Self {
        let atom = Atom::new(word, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false);
        Self { lower: word.to_lowercase(), atom }
    }

    /// How well a template fits: more is better, none does not fit.
    fn rank(&self, template: &Template, matcher: &mut Matcher) -> Option<u32> {
        let contains = |text: &str| text.to_lowercase().contains(&self.lower);
        if template.id == self.lower {
            return Some(4000);
        }
        if template.id.contains(&self.lower) {
            return Some(if template.id.starts_with(&self.lower) { 3000 } else { 2500 });
        }
        if contains(template.title) || contains(template.service) {
            return Some(2000);
        }
        if contains(template.about) {
            return Some(1500);
        }
        // At most a few hundred.
        self.atom.score(Utf32Str::Ascii(template.id.as_bytes()), matcher).map(u32::from)
    }
}
