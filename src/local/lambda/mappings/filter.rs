//! Filter patterns of event source mappings: whether one can be understood. Nothing is filtered here, for nothing comes.

use serde_json::{Map, Value};

/// Whether a text is a filter pattern: an object whose innermost members are lists of values and comparisons.
pub(super) fn is_pattern(text: &str) -> bool {
    matches!(serde_json::from_str(text), Ok(Value::Object(members)) if is_object(&members))
}

fn is_object(members: &Map<String, Value>) -> bool {
    !members.is_empty()
        && members.iter().all(|(key, value)| match value {
            Value::Array(either) if key == "$or" => {
                !either.is_empty() && either.iter().all(|it| it.as_object().is_some_and(is_object))
            }
            Value::Array(rules) => !rules.is_empty() && rules.iter().all(is_rule),
            Value::Object(members) => is_object(members),
            _ => false,
        })
}

/// A value to be equal to, or one comparison.
fn is_rule(rule: &Value) -> bool {
    let Value::Object(comparison) = rule else { return !rule.is_array() };
    let mut members = comparison.iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else { return false };
    match name.as_str() {
        "exists" => value.is_boolean(),
        "numeric" => is_range(value),
        "anything-but" => is_excluded(value),
        _ => is_text_rule(name, value),
    }
}

fn is_text_rule(name: &str, value: &Value) -> bool {
    match name {
        "prefix" | "suffix" => {
            let ignoring_case = |it: &Map<String, Value>| {
                it.len() == 1 && it.get("equals-ignore-case").is_some_and(Value::is_string)
            };
            value.is_string() || value.as_object().is_some_and(ignoring_case)
        }
        "equals-ignore-case" | "wildcard" | "cidr" => value.is_string(),
        _ => false,
    }
}

/// What `anything-but` excludes: a value, several, or what a comparison of texts fits.
fn is_excluded(value: &Value) -> bool {
    let scalar = |value: &Value| value.is_string() || value.is_number();
    match value {
        Value::Array(values) => !values.is_empty() && values.iter().all(scalar),
        Value::Object(rule) => {
            let text_or_texts = |name: &str, value: &Value| match value {
                Value::Array(values) => {
                    !values.is_empty() && values.iter().all(|value| is_text_rule(name, value))
                }
                value => is_text_rule(name, value),
            };
            rule.len() == 1 && rule.iter().all(|(name, value)| text_or_texts(name, value))
        }
        value => scalar(value),
    }
}

/// `[">", 0]`, or `[">", 0, "<=", 5]`.
fn is_range(value: &Value) -> bool {
    let Value::Array(parts) = value else { return false };
    let is_sign =
        |sign: &Value| sign.as_str().is_some_and(|sign| ["=", "<", "<=", ">", ">="].contains(&sign));
    matches!(parts.len(), 2 | 4) && parts.chunks(2).all(|pair| is_sign(&pair[0]) && pair[1].is_number())
}

#[cfg(test)]
mod tests {
    use super::is_pattern;

    #[test]
    fn patterns_are_objects_of_lists_of_rules() {
        for good in [
            r#"{"body":{"temperature":[{"numeric":[">",0,"<=",100]}]}}"#,
            r#"{"a":["x",1,true,null,""]}"#,
            r#"{"a":[{"exists":false}],"b":[{"prefix":"x"}],"c":[{"suffix":{"equals-ignore-case":"x"}}]}"#,
            r#"{"a":[{"anything-but":["x",1]}],"b":[{"anything-but":"x"}],"c":[{"anything-but":{"prefix":"x"}}]}"#,
            r#"{"$or":[{"a":["x"]},{"b":{"c":[1]}}]}"#,
            r#"{"a":[{"numeric":["=",3e2]}]}"#,
        ] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in [
            "",
            "text",
            "[]",
            "{}",
            r#"{"a":"x"}"#,
            r#"{"a":1}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[["x"]]}"#,
            r#"{"a":[{"exists":"yes"}]}"#,
            r#"{"a":[{"numeric":[">"]}]}"#,
            r#"{"a":[{"numeric":[">",0,"<"]}]}"#,
            r#"{"a":[{"numeric":["~",0]}]}"#,
            r#"{"a":[{"prefix":"x","suffix":"y"}]}"#,
            r#"{"a":[{"near":"x"}]}"#,
            r#"{"a":[{"anything-but":[]}]}"#,
            r#"{"$or":[]}"#,
        ] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
