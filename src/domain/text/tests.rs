use proptest::prelude::*;
use regex::Regex;
use rstest::rstest;

use super::*;

/// What sanitised text must not hold, by Unicode's own properties. Prepended marks (Arabic number signs and the
/// like) are format characters by name, but take a column.
fn forbidden() -> Regex {
    Regex::new(
        r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]--[\p{gcb=Prepend}\u{FE0E}\u{FE0F}]]",
    )
    .unwrap()
}

fn assert_neutral(text: &str) {
    for (at, cluster) in text.graphemes(true).enumerate() {
        assert!(cluster.chars().count() <= MAX_CLUSTER, "cluster {at} of {text:?} is too long");
        assert!(cluster.len() <= 32);
        assert!(cluster.width() > 0, "cluster {at} of {text:?} takes no column");
    }
    for (at, selector) in text.match_indices(['\u{fe0e}', '\u{fe0f}']) {
        let base = text[..at].chars().next_back().unwrap();
        assert!(has_emoji_variation(base), "{base:?} has no {selector:?} variation");
    }
}

/// Any text, with what is troublesome in it far more often than by chance.
fn nasty() -> impl Strategy<Value = String> {
    let troublesome = prop::sample::select(vec![
        '\u{1b}',
        '\r',
        '\n',
        '\t',
        '\u{0}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{301}',
        '\u{36f}',
        '\u{20e3}',
        '\u{200b}',
        '\u{200d}',
        '\u{202e}',
        '\u{2066}',
        '\u{2028}',
        '\u{fe0f}',
        '\u{fe0e}',
        '\u{feff}',
        '❤',
        '👨',
        '👩',
        '🏽',
        '🇩',
        '🇪',
        '\u{600}',
        '\u{605}',
        '\u{d4e}',
        '\u{111c2}',
        '\u{1100}',
        '\u{1161}',
        '\u{11a8}',
        '\u{115f}',
        '\u{e0041}',
        '\u{fffe}',
        'क',
        '\u{94d}',
        'ष',
        '日',
        'é',
        'ل',
        'ا',
        '\u{a4f8}',
        '\u{a4fc}',
        '⟨',
    ]);
    let character = prop_oneof![3 => troublesome, 1 => any::<char>(), 2 => prop::char::range(' ', '~')];
    prop::collection::vec(character, 0..60).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn one_line_is_neutral_and_stays_as_it_is(text in nasty()) {
        let once = sanitise(&text).into_owned();
        prop_assert!(!forbidden().is_match(&once), "{once:?}");
        assert_neutral(&once);
        prop_assert!(matches!(sanitise(&once), Cow::Borrowed(_)), "{:?} -> {:?}", once, sanitise(&once));
    }

    #[test]
    fn lines_are_neutral_and_stay_as_they_are(text in nasty()) {
        let once = sanitise_lines(&text).into_owned();
        prop_assert!(!forbidden().is_match(&once.replace('\n', "")), "{once:?}");
        assert_neutral(&once);
        prop_assert!(matches!(sanitise_lines(&once), Cow::Borrowed(_)));
        let breaks = text.replace("\r\n", "\n").matches(['\n', '\r']).count();
        prop_assert_eq!(once.matches('\n').count(), breaks);
    }

    #[test]
    fn bytes_are_neutral(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let once = sanitise_bytes(&bytes).into_owned();
        prop_assert!(!forbidden().is_match(&once.replace('\n', "")), "{once:?}");
        assert_neutral(&once);
    }

    #[test]
    fn fitted_text_fits(text in nasty(), columns in 0_usize..80) {
        let text = sanitise(&text);
        let (start, end) = (fit(&text, columns), fit_start(&text, columns));
        prop_assert!(width(&start) <= columns && width(&end) <= columns);
        prop_assert_eq!(width(&text) <= columns, start == text && (columns > 0 || text.is_empty()));
        prop_assert!(text.starts_with(start.trim_end_matches('…')) || text.contains('…'));
        prop_assert!(text.ends_with(end.trim_start_matches('…')) || text.contains('…'));
    }

    #[test]
    fn width_is_what_the_clusters_take(text in nasty()) {
        let text = sanitise(&text);
        prop_assert_eq!(width(&text), text.graphemes(true).map(UnicodeWidthStr::width).sum::<usize>());
    }

    #[test]
    fn a_slice_is_what_a_screen_would_show(text in nasty(), from in 0_usize..70, columns in 0_usize..70) {
        let text = sanitise(&text);
        // One entry for each column: a cluster in its first, nothing in those that it covers too.
        let mut screen: Vec<Option<&str>> = Vec::new();
        for cluster in text.graphemes(true) {
            screen.push(Some(cluster));
            screen.extend(std::iter::repeat_n(None, cluster.width() - 1));
        }
        let edge = screen.len().min(from + columns);
        let shown = screen.get(from..edge).unwrap_or_default();
        let lead = shown.iter().take_while(|cell| cell.is_none()).count();
        let mut expected = " ".repeat(lead);
        for (at, cell) in shown.iter().enumerate() {
            if let Some(cluster) = cell && from + at + cluster.width() <= from + columns {
                expected.push_str(cluster);
            }
        }
        prop_assert_eq!(slice_columns(&text, from, columns), expected);
    }
}

#[test]
fn every_code_point_is_neutral_and_only_what_must_go_goes() {
    let forbidden = forbidden();
    for character in '\0'..=char::MAX {
        let text = format!("a{character}b");
        let clean = sanitise(&text);
        assert!(!forbidden.is_match(&clean), "{character:?} comes through as {clean:?}");
        assert_neutral(&clean);
        let must_go = forbidden.is_match(&text)
            || matches!(character, '\u{fe0e}' | '\u{fe0f}')
            || text.graphemes(true).any(|cluster| cluster.width() == 0);
        assert_eq!(clean != text, must_go, "U+{:04X}", u32::from(character));
    }
}

#[rstest]
#[case::clear_screen("\x1b[2J", "␛[2J")]
#[case::cursor_home("\x1b[H", "␛[H")]
#[case::cursor_up("\x1b[10A", "␛[10A")]
#[case::erase_line("\x1b[1K", "␛[1K")]
#[case::colour("\x1b[31mred\x1b[0m", "␛[31mred␛[0m")]
#[case::true_colour("\x1b[38;2;1;2;3m", "␛[38;2;1;2;3m")]
#[case::title_bel("\x1b]0;title\x07", "␛]0;title␇")]
#[case::title_st("\x1b]2;title\x1b\\", "␛]2;title␛\\")]
#[case::clipboard("\x1b]52;c;cm0gLXJm\x07", "␛]52;c;cm0gLXJm␇")]
#[case::clipboard_query("\x1b]52;c;?\x07", "␛]52;c;?␇")]
#[case::hyperlink("\x1b]8;;http://x\x1b\\y", "␛]8;;http://x␛\\y")]
#[case::notify("\x1b]9;hello\x07", "␛]9;hello␇")]
#[case::iterm_file("\x1b]1337;File=:AA\x07", "␛]1337;File=:AA␇")]
#[case::palette("\x1b]4;1;?\x07", "␛]4;1;?␇")]
#[case::working_directory("\x1b]7;file://h/\x07", "␛]7;file://h/␇")]
#[case::semantic_prompt("\x1b]133;A\x07", "␛]133;A␇")]
#[case::device_attributes("\x1b[c", "␛[c")]
#[case::secondary_attributes("\x1b[>c", "␛[>c")]
#[case::cursor_report("\x1b[6n", "␛[6n")]
#[case::window_report("\x1b[21t", "␛[21t")]
#[case::resize("\x1b[8;1;1t", "␛[8;1;1t")]
#[case::alternate_screen("\x1b[?1049l", "␛[?1049l")]
#[case::hide_cursor("\x1b[?25l", "␛[?25l")]
#[case::mouse("\x1b[?1003h", "␛[?1003h")]
#[case::bracketed_paste("\x1b[?2004l", "␛[?2004l")]
#[case::paste_end("\x1b[201~:q", "␛[201~:q")]
#[case::synchronised("\x1b[?2026h", "␛[?2026h")]
#[case::scroll_region("\x1b[1;2r", "␛[1;2r")]
#[case::insert_mode("\x1b[4h", "␛[4h")]
#[case::keyboard("\x1b[>1u", "␛[>1u")]
#[case::soft_reset("\x1b[!p", "␛[!p")]
#[case::full_reset("\x1bc", "␛c")]
#[case::save_cursor("\x1b7", "␛7")]
#[case::charset("\x1b(0", "␛(0")]
#[case::shift_out("\x0elqk\x0f", "␎lqk␏")]
#[case::reverse_index("\x1bM", "␛M")]
#[case::keypad("\x1b=", "␛=")]
#[case::sixel("\x1bPq#0\x1b\\", "␛Pq#0␛\\")]
#[case::decrqss("\x1bP$qm\x1b\\", "␛P$qm␛\\")]
#[case::termcap("\x1bP+q544e\x1b\\", "␛P+q544e␛\\")]
#[case::kitty_graphics("\x1b_Ga=T;AA\x1b\\", "␛_Ga=T;AA␛\\")]
#[case::privacy_message("\x1b^x\x1b\\", "␛^x␛\\")]
#[case::start_of_string("\x1bXx\x1b\\", "␛Xx␛\\")]
#[case::tmux("\x1bPtmux;\x1b\x1b[c\x1b\\", "␛Ptmux;␛␛[c␛\\")]
#[case::screen_title("\x1bkx\x1b\\", "␛kx␛\\")]
#[case::c1_csi("\u{9b}2J", "⟨U+009B⟩2J")]
#[case::c1_osc("\u{9d}0;x\u{9c}", "⟨U+009D⟩0;x⟨U+009C⟩")]
#[case::c1_dcs("\u{90}q", "⟨U+0090⟩q")]
#[case::c1_next_line("\u{85}", "⟨U+0085⟩")]
#[case::c1_apc("\u{9f}G", "⟨U+009F⟩G")]
#[case::nul("a\0b", "a␀b")]
#[case::bell("\x07", "␇")]
#[case::enquiry("\x05", "␅")]
#[case::backspace("rm\x08\x08ls", "rm␈␈ls")]
#[case::delete("a\x7f", "a␡")]
#[case::vertical_tab("a\x0bb", "a␋b")]
#[case::form_feed("a\x0cb", "a␌b")]
#[case::xoff("\x13", "␓")]
#[case::cancel("\x18\x1a", "␘␚")]
#[case::carriage_return("good\rbad", "good␍bad")]
#[case::newline("a\nb\r\n", "a␊b␍␊")]
#[case::tab("a\tb", "a␉b")]
#[case::override_("user\u{202e}txt.exe", "user⟨U+202E⟩txt.exe")]
#[case::isolate("\u{2066}x\u{2069}", "⟨U+2066⟩x⟨U+2069⟩")]
#[case::direction_marks("\u{200e}\u{200f}\u{61c}", "⟨U+200E⟩⟨U+200F⟩⟨U+061C⟩")]
#[case::zero_width("pay\u{200b}pal", "pay⟨U+200B⟩pal")]
#[case::non_joiner("a\u{200c}b", "a⟨U+200C⟩b")]
#[case::byte_order_mark("\u{feff}{}", "⟨U+FEFF⟩{}")]
#[case::word_joiner("a\u{2060}b", "a⟨U+2060⟩b")]
#[case::invisible_plus("1\u{2064}2", "1⟨U+2064⟩2")]
#[case::soft_hyphen("a\u{ad}b", "a⟨U+00AD⟩b")]
#[case::separators("a\u{2028}b\u{2029}", "a⟨U+2028⟩b⟨U+2029⟩")]
#[case::hangul_filler("a\u{3164}b", "a⟨U+3164⟩b")]
#[case::tag("a\u{e0061}b", "a⟨U+E0061⟩b")]
#[case::further_selector("a\u{e0100}", "a⟨U+E0100⟩")]
#[case::selector_on_a_letter("a\u{fe0f}", "a⟨U+FE0F⟩")]
#[case::annotation("\u{fff9}a\u{fffa}b\u{fffb}", "⟨U+FFF9⟩a⟨U+FFFA⟩b⟨U+FFFB⟩")]
#[case::noncharacter("\u{fffe}\u{10ffff}", "⟨U+FFFE⟩⟨U+10FFFF⟩")]
#[case::lone_mark("\u{301}a", "⟨U+0301⟩a")]
#[case::family("👨\u{200d}👩", "👨⟨U+200D⟩👩")]
#[case::pile(
    "z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}!",
    "z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}⟨+3⟩!"
)]
fn what_a_terminal_would_obey_or_hide_is_shown(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(sanitise(text), expected);
}

#[rstest]
#[case("plain ASCII: {\"a\": [1, 2]} ~")]
#[case("Grüße, 世界, здравствуй, مرحبا, नमस्ते, 한국어")]
#[case("✓ ⚠\u{fe0f} 🚀 👍🏽 🇩🇪 1\u{fe0f}\u{20e3}")]
#[case("e\u{301}\u{323}")]
#[case("")]
fn clean_text_is_borrowed(#[case] text: &str) {
    assert!(matches!(sanitise(text), Cow::Borrowed(_)), "{:?}", sanitise(text));
    assert!(matches!(sanitise_lines(text), Cow::Borrowed(_)));
}

#[rstest]
#[case("a\nb\n", "a\nb\n")]
#[case("a\r\nb", "a\nb")]
#[case("Traceback:\r  File\rValueError", "Traceback:\n  File\nValueError")]
#[case("a\r\r\nb\r", "a\n\nb\n")]
#[case("é\r\né", "é\né")]
#[case("a\tb", "a    b")]
#[case("\x1b[2J\n\u{301}", "␛[2J\n⟨U+0301⟩")]
fn lines_are_kept(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(sanitise_lines(text), expected);
}

#[rstest]
#[case(b"ok\xff\xc3(\xe2\x82", "ok⟨0xFF⟩⟨0xC3⟩(⟨0xE2⟩⟨0x82⟩")]
#[case(b"gr\xc3\xbc\xc3\x9f\n\x1b", "grüß\n␛")]
#[case(b"\xed\xa0\x80", "⟨0xED⟩⟨0xA0⟩⟨0x80⟩")]
fn bytes_that_are_not_utf8_stay_visible(#[case] bytes: &[u8], #[case] expected: &str) {
    assert_eq!(sanitise_bytes(bytes), expected);
}

#[rstest]
#[case("checkout-api", 12, "checkout-api", "checkout-api")]
#[case("checkout-api", 11, "checkout-a…", "…eckout-api")]
#[case("checkout-api", 1, "…", "…")]
#[case("checkout-api", 0, "", "")]
#[case("日本語", 5, "日本…", "…本語")]
#[case("日本語", 4, "日…", "…語")]
#[case("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…", "…e\u{301}")]
#[case("", 3, "", "")]
fn cutting(#[case] text: &str, #[case] columns: usize, #[case] start: &str, #[case] end: &str) {
    assert_eq!(fit(text, columns), start);
    assert_eq!(fit_start(text, columns), end);
}

#[rstest]
#[case("abcdef", 2, 3, "cde")]
#[case("abcdef", 4, 9, "ef")]
#[case("abcdef", 6, 9, "")]
#[case("日本語", 1, 4, " 本")]
#[case("日本語", 2, 3, "本")]
#[case("日", 1, 1, " ")]
fn slicing(#[case] text: &str, #[case] from: usize, #[case] columns: usize, #[case] expected: &str) {
    assert_eq!(slice_columns(text, from, columns), expected);
}

#[test]
fn a_slice_of_a_long_ascii_line_is_borrowed() {
    let line = "x".repeat(1 << 20);
    assert!(matches!(slice_columns(&line, 1_000_000, 80), Cow::Borrowed(shown) if shown.len() == 80));
}
