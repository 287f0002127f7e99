//! `story-teller`: a response that comes piece by piece.

use std::{thread, time::Duration};

use serde_json::Value;

use super::client::{Context, Failure, ResponseStream};

pub(super) const EXAMPLE: &str = r#"{
  "hero": "Ada",
  "loseThreadAfter": null
}"#;

/// Each line is a paragraph; the hero's name stands for `@`.
const STORY: &[&str] = &[
    "Once upon a time there was a function that nobody had ever called. It lived in a region far from the coast, in a \
     zip so small that you could lose it between two log lines, and it dreamt of being warm.",
    "One night, at the hour when cron jobs wake, an event arrived, dusty and out of breath. \"I come from @,\" it said, \
     \"and I have only fifteen seconds.\" The function had never been so cold. It rubbed its hands, read the event twice, \
     and began.",
    "It did not wait until it knew the end. It sent the first word as soon as it had one, and then the next, and far \
     away @ sat at a terminal and watched the sentence grow.",
    "\"So that is what it is like,\" thought the function, \"to be listened to.\" And when the last word had gone out \
     over the wire, it was warm for five whole minutes.",
];

pub(super) fn handle(event: &Value, context: &Context, out: &mut ResponseStream<'_>) -> Result<(), Failure> {
    let hero = match &event["hero"] {
        Value::Null => "somebody",
        Value::String(hero) if !hero.trim().is_empty() => hero.trim(),
        other => {
            let text = format!("`hero` is {other}: it must be a name");
            return Err(Failure::new("story::handle", "InvalidHeroError", text));
        }
    };
    let thread_lost_after = event["loseThreadAfter"].as_u64();
    let pause = Duration::from_millis(context.variable("MS_PER_WORD").parse().unwrap_or(0));
    let mut words = 0;
    for (number, paragraph) in (1..).zip(STORY) {
        context.info(format_args!("Paragraph {number} of {}", STORY.len()));
        for word in paragraph.replace('@', hero).split_inclusive(' ') {
            if Some(words) == thread_lost_after {
                let text = format!("Where was I? There were {words} words already");
                return Err(Failure::new("story::handle", "LostThreadError", text));
            }
            out.write(word);
            words += 1;
            thread::sleep(pause);
        }
        out.write(if number == STORY.len() { "\n" } else { "\n\n" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tell(event: &Value) -> (String, Result<(), Failure>) {
        let mut sent = Vec::new();
        let mut out = ResponseStream::new(String::new(), &mut sent);
        let result = handle(event, &Context::for_tests(&[]), &mut out);
        (String::from_utf8(sent).unwrap(), result)
    }

    #[test]
    fn a_story_is_told_word_by_word_and_may_break_off() {
        let (sent, result) = tell(&json!({ "hero": "Grace" }));
        assert!(result.is_ok());
        assert!(sent.starts_with("5\r\nOnce \r\n5\r\nupon \r\n"), "{sent}");
        assert!(sent.contains("far \r\n5\r\naway \r\n6\r\nGrace \r\n"), "{sent}");
        let (sent, result) = tell(&json!({ "loseThreadAfter": 2 }));
        assert_eq!(sent, "5\r\nOnce \r\n5\r\nupon \r\n");
        assert_eq!(result.unwrap_err().error_type, "LostThreadError");
        let (sent, result) = tell(&json!({ "hero": 7 }));
        assert_eq!((sent.as_str(), result.unwrap_err().error_type), ("", "InvalidHeroError"));
    }
}
