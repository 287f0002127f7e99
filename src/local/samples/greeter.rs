//! `greeter`: the smallest one.

use serde_json::{Value, json};

use super::client::{Context, Failure};

pub(super) const EXAMPLE: &str = r#"{
  "name": "Ada",
  "language": "en"
}"#;

const GREETINGS: &[(&str, &str)] = &[
    ("cs", "Ahoj"),
    ("de", "Hallo"),
    ("en", "Hello"),
    ("es", "Hola"),
    ("fr", "Bonjour"),
    ("it", "Ciao"),
    ("ja", "こんにちは"),
    ("nl", "Hoi"),
    ("pl", "Cześć"),
    ("pt", "Olá"),
    ("sv", "Hej"),
    ("tr", "Merhaba"),
];

pub(super) fn handle(event: &Value, context: &Context) -> Result<Value, Failure> {
    let name = match &event["name"] {
        Value::Null => "world",
        Value::String(name) if !name.trim().is_empty() => name.trim(),
        other => {
            let text = format!("`name` is {other}: it must be a text");
            return Err(Failure::new("greeter::handle", "InvalidNameError", text));
        }
    };
    let wanted = event["language"].as_str().unwrap_or_else(|| context.variable("DEFAULT_LANGUAGE"));
    let (language, greeting) =
        GREETINGS.iter().find(|(language, _)| *language == wanted).unwrap_or_else(|| {
            context.warn(format_args!("No greeting in {wanted:?}: falling back to English"));
            &("en", "Hello")
        });
    context.info(format_args!("Greeting {name} in {language}"));
    Ok(
        json!({ "greeting": format!("{greeting}, {name}!"), "language": language, "greetedBefore": context.earlier }),
    )
}
