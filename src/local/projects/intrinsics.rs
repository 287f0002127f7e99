//! CloudFormation's intrinsic functions, as far as they can be resolved without CloudFormation.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    references::References,
    tree::{Kind, Node},
};

/// Values that are looked at for one template, at most: what is put into itself again and again has no end.
const MAX_STEPS: u32 = 500_000;
/// Characters of a text that functions make.
const MAX_TEXT: usize = 1024 * 1024;
/// Conditions that depend on each other, at most.
const MAX_CONDITIONS: usize = 50;

/// A value without functions in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// `null`, and what `AWS::NoValue` leaves.
    Nothing,
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A value of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The texts of a list, or the one text where it is no list.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::List(items) => items.iter().filter_map(Self::text).collect(),
            Self::Text(text) => vec![text],
            _ => Vec::new(),
        }
    }
}

/// A value that can't be resolved, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub line: usize,
    /// What can't be resolved, and why. It names no values.
    pub why: String,
}

pub(super) type Resolved<T> = Result<T, Problem>;

fn problem<T>(node: &Node, why: impl Into<String>) -> Resolved<T> {
    Err(Problem { line: node.line, why: why.into() })
}

/// Resolves the values of one template.
pub(super) struct Resolver<'t> {
    pub references: References<'t>,
    mappings: Option<&'t Node>,
    conditions: Option<&'t Node>,
    /// Conditions that are being looked at, against circles.
    asking: RefCell<BTreeSet<String>>,
    /// Conditions that are known by now.
    known: RefCell<BTreeMap<String, bool>>,
    steps: Cell<u32>,
}

impl<'t> Resolver<'t> {
    pub fn new(template: &'t Node, references: References<'t>) -> Self {
        Self {
            references,
            mappings: template.get("Mappings"),
            conditions: template.get("Conditions"),
            asking: RefCell::default(),
            known: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// Counts a step.
    fn step(&self, node: &Node) -> Resolved<()> {
        self.steps.set(self.steps.get().saturating_add(1));
        if self.steps.get() > MAX_STEPS {
            return problem(node, "the functions of this template take too many steps to resolve");
        }
        Ok(())
    }

    /// Resolves a value.
    pub fn resolve(&self, node: &Node) -> Resolved<Value> {
        self.step(node)?;
        if let Some((function, argument)) = node.intrinsic() {
            return self.call(node, function, argument);
        }
        Ok(match &node.kind {
            Kind::Null => Value::Nothing,
            Kind::Text(text) if text.contains("{{resolve:") => {
                return problem(
                    node,
                    "what {{resolve:...}} refers to is kept on AWS: put the value itself here",
                );
            }
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.resolve(item)).collect::<Resolved<_>>()?;
                Value::List(items.into_iter().filter(|item| *item != Value::Nothing).collect())
            }
            Kind::Map(entries) => {
                let mut map = Vec::new();
                for (key, node) in entries {
                    let value = self.resolve(node)?;
                    if value != Value::Nothing {
                        map.push((key.clone(), value));
                    }
                }
                Value::Map(map)
            }
        })
    }

    /// Resolves what must be a text.
    pub fn text(&self, node: &Node) -> Resolved<String> {
        match self.resolve(node)? {
            Value::Text(text) => Ok(text),
            _ => problem(node, "a text is expected here"),
        }
    }

    fn list(&self, node: &Node) -> Resolved<Vec<Value>> {
        match self.resolve(node)? {
            Value::List(items) => Ok(items),
            _ => problem(node, "a list is expected here"),
        }
    }

    fn call(&self, node: &Node, function: &str, argument: &Node) -> Resolved<Value> {
        match function {
            "Ref" => match argument.text() {
                Some(name) => self.references.value(self, name, argument.line),
                None => problem(argument, "Ref takes the name of a parameter or resource"),
            },
            "Fn::GetAtt" => self.get_att(argument),
            "Fn::Sub" => self.sub(argument).map(Value::Text),
            "Fn::Join" => {
                let [delimiter, items] = argument.items() else {
                    return problem(argument, "Fn::Join takes a delimiter and a list");
                };
                let delimiter = self.text(delimiter)?;
                let texts: Option<Vec<_>> = self.list(items)?.into_iter().map(into_text).collect();
                match texts {
                    Some(texts) => Ok(Value::Text(texts.join(&delimiter))),
                    None => problem(items, "Fn::Join joins texts only"),
                }
            }
            "Fn::Split" => {
                let [delimiter, text] = argument.items() else {
                    return problem(argument, "Fn::Split takes a delimiter and a text");
                };
                let (delimiter, text) = (self.text(delimiter)?, self.text(text)?);
                if delimiter.is_empty() {
                    return problem(argument, "the delimiter of Fn::Split is empty");
                }
                Ok(Value::List(text.split(&delimiter).map(|part| Value::Text(part.to_owned())).collect()))
            }
            "Fn::Select" => {
                let [index, items] = argument.items() else {
                    return problem(argument, "Fn::Select takes an index and a list");
                };
                let index = self.text(index)?.parse::<usize>().ok();
                let items = self.list(items)?;
                match index.and_then(|index| items.into_iter().nth(index)) {
                    Some(item) => Ok(item),
                    None => problem(argument, "the list of Fn::Select has no item with this index"),
                }
            }
            "Fn::FindInMap" => self.find_in_map(argument),
            "Fn::Base64" => Ok(Value::Text(STANDARD.encode(self.text(argument)?))),
            "Fn::If" => {
                let [condition, yes, no] = argument.items() else {
                    return problem(argument, "Fn::If takes a condition and two values");
                };
                let Some(name) = condition.text() else {
                    return problem(condition, "Fn::If takes the name of a condition");
                };
                self.resolve(if self.named_condition(name, condition.line)? { yes } else { no })
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Condition" => {
                Ok(Value::Text(self.condition(node)?.to_string()))
            }
            "Fn::ImportValue" => {
                problem(node, "Fn::ImportValue needs the outputs of another stack, which is on AWS")
            }
            "Fn::GetAZs" => {
                problem(node, "Fn::GetAZs needs AWS: availability zones differ from account to account")
            }
            other => problem(node, format!("{other} is not done by the local engine")),
        }
    }

    fn get_att(&self, argument: &Node) -> Resolved<Value> {
        let parts = match &argument.kind {
            Kind::Text(text) => {
                text.split_once('.').map(|(name, attribute)| (name.to_owned(), attribute.to_owned()))
            }
            Kind::List(items) => match items.as_slice() {
                [name, attribute] => match name.text() {
                    Some(name) => Some((name.to_owned(), self.text(attribute)?)),
                    None => None,
                },
                _ => None,
            },
            _ => None,
        };
        match parts {
            Some((name, attribute)) => {
                self.references.attribute(self, &name, &attribute, argument.line).map(Value::Text)
            }
            None => problem(argument, "Fn::GetAtt takes a resource and its attribute"),
        }
    }

    /// `${Name}`, `${Name.Attribute}`, `${!literal}`; with a map of names of its own in the long form.
    fn sub(&self, argument: &Node) -> Resolved<String> {
        let (pattern, own) = match &argument.kind {
            Kind::Text(_) => (argument, None),
            Kind::List(items) => match items.as_slice() {
                [pattern, own] => (pattern, Some(own)),
                _ => return problem(argument, "Fn::Sub takes a text, or a text and a map"),
            },
            _ => return problem(argument, "Fn::Sub takes a text, or a text and a map"),
        };
        let Some(mut rest) = pattern.text() else {
            return problem(pattern, "the first of Fn::Sub must be a text");
        };
        let mut out = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            self.step(pattern)?;
            if out.len() > MAX_TEXT {
                return problem(pattern, "what Fn::Sub makes here is too long");
            }
            let Some((name, after)) = after.split_once('}') else {
                return problem(pattern, "Fn::Sub has a '${' without its '}'");
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
                continue;
            }
            let name = name.trim();
            let value = match own.and_then(|own| own.get(name)) {
                Some(node) => self.resolve(node)?,
                None => match name.split_once('.') {
                    Some((resource, attribute)) => {
                        Value::Text(self.references.attribute(self, resource, attribute, pattern.line)?)
                    }
                    None => self.references.value(self, name, pattern.line)?,
                },
            };
            match value {
                Value::Text(text) => out.push_str(&text),
                Value::List(items) => {
                    out.push_str(&items.iter().filter_map(Value::text).collect::<Vec<_>>().join(","));
                }
                _ => return problem(pattern, format!("Fn::Sub can't put '{name}' into a text: it is none")),
            }
        }
        out.push_str(rest);
        if out.contains("{{resolve:") {
            return problem(
                pattern,
                "what {{resolve:...}} refers to is kept on AWS: put the value itself here",
            );
        }
        Ok(out)
    }

    fn find_in_map(&self, argument: &Node) -> Resolved<Value> {
        let (keys, default) = match argument.items() {
            [map, first, second] => ([map, first, second], None),
            [map, first, second, options] => ([map, first, second], options.get("DefaultValue")),
            _ => return problem(argument, "Fn::FindInMap takes a map and two keys"),
        };
        let [map, first, second] = [self.text(keys[0])?, self.text(keys[1])?, self.text(keys[2])?];
        let found = self
            .mappings
            .and_then(|mappings| mappings.get(&map))
            .and_then(|map| map.get(&first))
            .and_then(|map| map.get(&second));
        match found.or(default) {
            Some(node) => self.resolve(node),
            None => problem(argument, format!("the mapping '{map}' has no value for these keys")),
        }
    }

    /// Whether a condition of the section `Conditions` holds.
    pub fn named_condition(&self, name: &str, line: usize) -> Resolved<bool> {
        if let Some(known) = self.known.borrow().get(name) {
            return Ok(*known);
        }
        let Some(node) = self.conditions.and_then(|conditions| conditions.get(name)) else {
            return Err(Problem { line, why: format!("there is no condition '{name}'") });
        };
        if self.asking.borrow().len() >= MAX_CONDITIONS {
            return Err(Problem { line, why: format!("the condition '{name}' depends on too many others") });
        }
        if !self.asking.borrow_mut().insert(name.to_owned()) {
            return Err(Problem { line, why: format!("the condition '{name}' depends on itself") });
        }
        let holds = self.condition(node);
        self.asking.borrow_mut().remove(name);
        if let Ok(holds) = holds {
            self.known.borrow_mut().insert(name.to_owned(), holds);
        }
        holds
    }

    fn condition(&self, node: &Node) -> Resolved<bool> {
        self.step(node)?;
        let Some((function, argument)) = node.intrinsic() else {
            return match node.text() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => problem(node, "a condition is expected here"),
            };
        };
        match function {
            "Fn::Equals" => {
                let [one, other] = argument.items() else {
                    return problem(argument, "Fn::Equals takes two values");
                };
                Ok(self.resolve(one)? == self.resolve(other)?)
            }
            "Fn::Not" => match argument.items() {
                [one] => Ok(!self.condition(one)?),
                _ => problem(argument, "Fn::Not takes a list of one condition"),
            },
            "Fn::And" | "Fn::Or" => {
                let all = function == "Fn::And";
                if argument.items().len() < 2 {
                    return problem(argument, format!("{function} takes a list of two to ten conditions"));
                }
                for item in argument.items() {
                    if self.condition(item)? != all {
                        return Ok(!all);
                    }
                }
                Ok(all)
            }
            "Condition" => match argument.text() {
                Some(name) => self.named_condition(name, argument.line),
                None => problem(argument, "Condition takes the name of a condition"),
            },
            other => problem(node, format!("{other} is no condition")),
        }
    }
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
