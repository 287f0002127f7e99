use std::io::Write as _;

use base64::engine::general_purpose::{
    STANDARD as PADDED, STANDARD_NO_PAD, URL_SAFE as URL_PADDED, URL_SAFE_NO_PAD,
};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn seen(text: &str) -> (Vec<Step>, String) {
    let decoded = decode(text).unwrap_or_else(|| panic!("nothing seen in {text}"));
    assert_eq!(decoded.cut, None);
    (decoded.steps.clone(), decoded.text().unwrap().to_owned())
}

#[test]
fn a_cloudwatch_logs_payload_in_one_go() {
    let json = r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"3","timestamp":1.0,"message":"m"}]}"#;
    let data = PADDED.encode(gzip(json.as_bytes()));
    let decoded = decode(&data).unwrap();
    assert_eq!(decoded.steps, [Step::Base64, Step::Gzip, Step::Json]);
    assert_eq!(decoded.text(), Some(json));
    assert_eq!(decoded.path(), "base64, gzip, JSON");
}

#[rstest]
#[case(r#"{"a":1.10,"a":[]}"#, &[Step::Json], r#"{"a":1.10,"a":[]}"#)]
#[case(" [1] ", &[Step::Json], "[1]")]
#[case(r#""{\"a\":1}""#, &[Step::Json, Step::Json], r#"{"a":1}"#)]
#[case(r#""just text""#, &[Step::Json], "just text")]
#[case("eyJhIjoxfQ==", &[Step::Base64, Step::Json], r#"{"a":1}"#)]
#[case("aGVsbG8gd29ybGQ=", &[Step::Base64], "hello world")]
#[case("aGVsbG8gd29ybGQhIQ", &[Step::Base64], "hello world!!")]
#[case("aGVsbG8g\r\nd29ybGQ=\r\n", &[Step::Base64], "hello world")]
#[case("data:text/plain;base64,aGk=", &[Step::Base64], "hi")]
#[case("folder/my%20file%C3%A9.txt", &[Step::UrlEncoded], "folder/my fileé.txt")]
#[case("%7B%22a%22%3A1%7D", &[Step::UrlEncoded, Step::Json], r#"{"a":1}"#)]
#[case("payload=%7B%22a%22%3A1%7D", &[Step::UrlEncoded], r#"{"payload":"{\"a\":1}"}"#)]
#[case("b=1&a=two+words&b=%26&c=", &[Step::UrlEncoded], r#"{"b":"1","a":"two words","b":"&","c":""}"#)]
fn wrappings(#[case] text: &str, #[case] steps: &[Step], #[case] inner: &str) {
    assert_eq!(seen(text), (steps.to_vec(), inner.to_owned()));
}

#[rstest]
#[case("")]
#[case("hello")]
#[case("password")]
#[case("checkoutapi")]
#[case("function")]
#[case("Successfully")]
#[case("internationalization")]
#[case("1234567890123456")]
#[case("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
#[case("8f5b1a2c-6d3e-4f7a-9b8c-0d1e2f3a4b5c")]
#[case("arn:aws:lambda:eu-west-1:123456789012:function:checkout-api")]
#[case("2026-11-20T12:00:00.000Z")]
#[case("AKIAIOSFODNN7EXAMPLE")]
#[case("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")]
#[case("123")]
#[case("true")]
#[case("null")]
#[case("-1.5e3")]
#[case("{not json}")]
#[case("\"unclosed")]
#[case("100% sure")]
#[case("50%")]
#[case("a=b")]
#[case("x = 1 & y = 2")]
#[case("https://example.com/a?b=c&d=e")]
#[case("%ff%fe")]
#[case("YWJj=ZGVm")]
#[case("data:text/plain,hello")]
#[case("xyz and more text, as zlib begins")]
fn what_is_just_a_string(#[case] text: &str) {
    assert_eq!(decode(text), None, "{text}");
}

#[test]
fn either_alphabet_padded_or_not() {
    // The bytes give `+` and `/`, or `-` and `_`.
    let text = "subjects?_d=~~~~>>>>ÿÿ and so on";
    for encoded in [
        PADDED.encode(text),
        STANDARD_NO_PAD.encode(text),
        URL_PADDED.encode(text),
        URL_SAFE_NO_PAD.encode(text),
    ] {
        assert_eq!(seen(&encoded), (vec![Step::Base64], text.to_owned()), "{encoded}");
    }
    assert!(PADDED.encode(text).contains('/') && URL_PADDED.encode(text).contains('_'));
    // Bits that no encoder writes.
    assert_eq!(decode("aGVsbG8gd29ybGR="), None);
}

#[test]
fn zlib_and_wrappings_within_wrappings() {
    assert_eq!(
        seen(&PADDED.encode(zlib(b"[1]"))),
        (vec![Step::Base64, Step::Zlib, Step::Json], "[1]".to_owned())
    );
    let twice = PADDED.encode(gzip(PADDED.encode(gzip(b"text within")).as_bytes()));
    assert_eq!(
        seen(&twice),
        (vec![Step::Base64, Step::Gzip, Step::Base64, Step::Gzip], "text within".to_owned())
    );
    let mut many = "the innermost".to_owned();
    for _ in 0..20 {
        many = PADDED.encode(many);
    }
    assert_eq!(decode(&many).unwrap().steps, [Step::Base64; MOST_STEPS]);
}

#[test]
fn several_gzip_members_are_one() {
    let mut both = gzip(b"{\"a\":");
    both.extend(gzip(b"1}"));
    assert_eq!(seen(&PADDED.encode(both)).1, "{\"a\":1}");
}

#[test]
fn files_and_bytes_that_were_packed_come_out_as_bytes() {
    let png = PADDED.encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff");
    let decoded = decode(&png).unwrap();
    assert_eq!(
        (decoded.steps.as_slice(), decoded.bytes[0], decoded.text()),
        (&[Step::Base64][..], 0x89, None)
    );
    let packed = PADDED.encode(gzip(&[0xff; 100]));
    assert_eq!(decode(&packed).unwrap().bytes, [0xff; 100]);
    assert_eq!(decode(&PADDED.encode([0xff; 100])), None);
    assert_eq!(
        decode(&format!("data:application/octet-stream;base64,{}", PADDED.encode([0xff; 3]))).unwrap().bytes,
        [0xff; 3]
    );
}

#[test]
fn a_bomb_says_so() {
    let bomb = PADDED.encode(gzip(&vec![b'0'; MOST_BYTES + 1000]));
    assert!(bomb.len() < 1 << 20);
    let decoded = decode(&bomb).unwrap();
    assert_eq!((decoded.bytes.len(), decoded.steps.len()), (MOST_BYTES, 2));
    assert!(decoded.cut.unwrap().contains("more than 64 MB"));
}

#[test]
fn broken_gzip_gives_what_came_before_and_says_so() {
    let text = (0..10_000).fold(String::new(), |text, n| text + &format!("line {n}\n"));
    let mut packed = gzip(text.as_bytes());
    packed.truncate(packed.len() / 2);
    let decoded = decode(&PADDED.encode(&packed)).unwrap();
    assert_eq!(decoded.steps, [Step::Base64, Step::Gzip]);
    assert!(decoded.cut.unwrap().contains("broken"));
    assert!(text.as_bytes().starts_with(&decoded.bytes) && !decoded.bytes.is_empty());
    // Nothing but the header of one.
    assert_eq!(decode(&PADDED.encode(&packed[..10])).unwrap().steps, [Step::Base64]);
}

#[rstest]
#[case("")]
#[case("Bearer ")]
fn a_web_token_without_its_signature(#[case] before: &str) {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#);
    let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"ü?>","exp":1516239022.000}"#);
    let token = format!("{before}{header}.{payload}.c2lnbmF0dXJl");
    assert_eq!(
        seen(&token),
        (
            vec![Step::Jwt],
            r#"{"header":{"alg":"RS256","kid":"k"},"payload":{"sub":"ü?>","exp":1516239022.000}}"#.to_owned()
        )
    );
    let none = format!("{header}.{payload}");
    assert_eq!(decode(&none), None);
    let other = format!("{}.{payload}.x", URL_SAFE_NO_PAD.encode(r#"{"x":1}"#));
    assert_eq!(decode(&other), None);
}

#[test]
fn debug_shows_sizes_only() {
    let decoded = decode(&PADDED.encode(r#"{"token":"hunter22"}"#)).unwrap();
    assert_eq!(format!("{decoded:?}"), "Decoded { steps: [Base64, Json], bytes: 20, cut: None }");
}

#[test]
fn ten_thousand_levels_are_seen_through() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(seen(&PADDED.encode(&deep)), (vec![Step::Base64, Step::Json], deep));
}

proptest! {
    #[test]
    fn any_text_is_seen_through_base64_and_gzip(text in "[a-zA-Zä ]{1,40}\\PC{0,20}") {
        let decoded = decode(&PADDED.encode(gzip(text.as_bytes()))).unwrap();
        prop_assert_eq!(&decoded.steps[..2], &[Step::Base64, Step::Gzip]);
    }

    #[test]
    fn anything_goes(text in "\\PC{0,60}|[A-Za-z0-9+/=_.%&-]{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = decode(&text);
        let _ = decode(&PADDED.encode(&bytes));
        let mut packed = vec![0x1f, 0x8b, 8];
        packed.extend(&bytes);
        let _ = decode(&PADDED.encode(&packed));
    }
}
