//! Names as names of files: nothing in them means anything to a file system.
//!
//! Lower case letters, digits, `_` and `-` stay; every other byte becomes `%2f`. So no name leads out of its folder,
//! names that differ in case or in their Unicode form stay two files on systems that don't tell such apart, and no
//! device of Windows is named. A name that gets too long that way is cut and ends in `~` and a hash of the whole.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Longer ones are cut. File systems take 255 bytes, encrypted ones 143.
const LONGEST: usize = 120;
/// What stays of a long one.
const KEPT: usize = 80;
/// Bytes of the hash.
const HASH: usize = 16;

/// Windows takes these for devices, whatever ending they have.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name as a file's name, without an ending.
pub(super) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let device = is_device(name);
    for (at, byte) in name.bytes().enumerate() {
        let plain = matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if plain && !(device && at == 0) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02x}");
        }
    }
    if encoded.len() <= LONGEST {
        return encoded;
    }
    encoded.truncate(KEPT);
    encoded.push('~');
    for byte in &Sha256::digest(name.as_bytes())[..HASH] {
        let _ = write!(encoded, "{byte:02x}");
    }
    encoded
}

/// Whether the name was cut: it can't be told from the file's name.
pub(super) fn is_cut(encoded: &str) -> bool {
    encoded.contains('~')
}

/// The name that a file's name stands for; none where it was cut, or where [`encode`] did not make it.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|name| encode(name) == encoded)
}

fn is_device(name: &str) -> bool {
    let numbered = |rest: &str| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit());
    DEVICES.contains(&name) || ["com", "lpt"].iter().any(|port| name.strip_prefix(port).is_some_and(numbered))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("order-1_a", "order-1_a")]
    #[case("../x", "%2e%2e%2fx")]
    #[case(".", "%2e")]
    #[case("con", "%63on")]
    #[case("com1", "%63om1")]
    #[case("con.json", "con%2ejson")]
    #[case("Con", "%43on")]
    #[case("console", "console")]
    #[case("a\\b:c*", "a%5cb%3ac%2a")]
    #[case("~", "%7e")]
    #[case("é", "%c3%a9")]
    #[case("e\u{301}", "e%cc%81")]
    fn names_of_files(#[case] name: &str, #[case] encoded: &str) {
        assert_eq!(encode(name), encoded);
        assert_eq!(decode(encoded).as_deref(), Some(name));
    }

    #[rstest]
    #[case("Order")]
    #[case("con")]
    #[case("%6frder")]
    #[case("%2F")]
    #[case("%")]
    #[case("%2")]
    #[case("%ff")]
    #[case("a.b")]
    #[case("%+1")]
    fn what_was_not_made_here_is_no_name(#[case] encoded: &str) {
        assert_eq!(decode(encoded), None);
    }

    #[test]
    fn long_names_fit_and_stay_apart() {
        let names = ["😀".repeat(80), "😀".repeat(79) + "😁", "😀".repeat(79), "A".repeat(64)];
        let encoded: HashSet<String> = names.iter().map(|name| encode(name)).collect();
        assert_eq!(encoded.len(), names.len());
        for encoded in encoded {
            assert!(encoded.len() <= LONGEST && is_cut(&encoded), "{encoded}");
            assert_eq!(decode(&encoded), None);
        }
    }

    proptest! {
        #[test]
        fn every_name_is_a_harmless_one(name in "\\PC{0,40}") {
            let encoded = encode(&name);
            prop_assert!(encoded.len() <= LONGEST);
            prop_assert!(encoded.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'%' | b'~')));
            prop_assert!(is_cut(&encoded) || decode(&encoded).as_deref() == Some(name.as_str()));
        }

        #[test]
        fn reading_any_name_of_a_file_is_no_trouble(encoded in "[a-fA-F0-9%~.é]{0,20}") {
            if let Some(name) = decode(&encoded) {
                prop_assert_eq!(encode(&name), encoded);
            }
        }
    }
}
