//! What invokes the functions of a template: buckets and schedules. Other sources are named in warnings.

use super::{
    BUCKETS,
    intrinsics::Value,
    template::{Reader, function_of},
    tree::Node,
};
use crate::local::triggers::{Notification, Rule, Source, Trigger, bucket::check_bucket};

impl Reader<'_> {
    /// An entry of a function's `Events`. `function` has its alias behind it, where it has one.
    pub(super) fn event(&mut self, id: &str, function: &str, event: &str, node: &Node) {
        let kind = node.get("Type").and_then(Node::text).unwrap_or_default().to_owned();
        let what = format!("the event {event} of {id}");
        let Some(properties) =
            node.get("Properties").filter(|_| matches!(kind.as_str(), "S3" | "Schedule" | "ScheduleV2"))
        else {
            let line = node.get("Type").map_or(node.line, |node| node.line);
            let advice = match kind.as_str() {
                "Api" | "HttpApi" => {
                    format!("; to call the function over HTTP give it a URL: --url {}", function_of(function))
                }
                "S3" | "Schedule" | "ScheduleV2" => "; it has no Properties".to_owned(),
                _ => format!("; invoke {function} with such an event instead"),
            };
            self.warn(
                line,
                format!(
                    "{what} ({kind}) is left out: events of type S3, Schedule and ScheduleV2 are run{advice}"
                ),
            );
            return;
        };
        if kind == "S3" {
            let Some(bucket) = self.text(&what, properties, "Bucket") else {
                if properties.get("Bucket").is_none() {
                    self.warn(node.line, format!("{what} is left out: it has no Bucket"));
                }
                return;
            };
            let events = self.value(&what, properties, "Events");
            let filter = self.value(&what, properties, "Filter");
            self.notification(&what, function, bucket, events.as_ref(), filter.as_ref(), node.line);
            return;
        }
        let key = if kind == "Schedule" { "Schedule" } else { "ScheduleExpression" };
        let name = self.text(&what, properties, "Name").unwrap_or_else(|| format!("{id}{event}"));
        self.schedule(&what, function, name, properties, key);
    }

    /// A bucket that tells a function of its objects.
    fn notification(
        &mut self,
        what: &str,
        function: &str,
        bucket: String,
        events: Option<&Value>,
        filter: Option<&Value>,
        line: usize,
    ) {
        if let Err(why) = check_bucket(&bucket) {
            self.warn(line, format!("{what} is left out: {why}"));
            return;
        }
        let events: Vec<String> =
            events.map(Value::texts).unwrap_or_default().into_iter().map(str::to_owned).collect();
        let (known, foreign): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| {
            event.starts_with("s3:ObjectCreated:") || event.starts_with("s3:ObjectRemoved:")
        });
        for event in foreign {
            self.warn(
                line,
                format!(
                    "{what}: '{event}' does not happen here; s3:ObjectCreated:* and s3:ObjectRemoved:* do"
                ),
            );
        }
        if known.is_empty() {
            self.warn(line, format!("{what} is left out: it names no events"));
            return;
        }
        let (mut prefix, mut suffix) = (String::new(), String::new());
        let rules = filter.and_then(|filter| filter.get("S3Key")?.get("Rules"));
        if let Some(Value::List(rules)) = rules {
            for rule in rules {
                let text = |key| rule.get(key).and_then(Value::text).unwrap_or_default();
                match text("Name").to_ascii_lowercase().as_str() {
                    "prefix" => text("Value").clone_into(&mut prefix),
                    "suffix" => text("Value").clone_into(&mut suffix),
                    _ => self.warn(line, format!("{what}: a filter has the Name prefix or suffix")),
                }
            }
        }
        let folder = self.folder.join(BUCKETS).join(&bucket);
        let source = Source::Bucket(Notification { bucket, folder, events: known, prefix, suffix });
        self.plan.triggers.push(Trigger { function: function.to_owned(), source });
    }

    fn schedule(&mut self, what: &str, function: &str, name: String, properties: &Node, key: &str) {
        let Some(expression) = self.text(what, properties, key) else {
            if properties.get(key).is_none() {
                self.warn(properties.line, format!("{what} is left out: it has no {key}"));
            }
            return;
        };
        let line = properties.get(key).map_or(properties.line, |node| node.line);
        if self.is_off(what, properties) {
            return;
        }
        let input = self.text(what, properties, "Input");
        let zone = self.text(what, properties, "ScheduleExpressionTimezone");
        if zone.is_some_and(|zone| !matches!(zone.as_str(), "UTC" | "Etc/UTC")) {
            self.warn(line, format!("{what} is run in UTC: the local engine has no other time zones"));
        }
        self.push_rule(what, function, Rule { name, expression, input }, line);
    }

    fn push_rule(&mut self, what: &str, function: &str, rule: Rule, line: usize) {
        if !rule.expression.starts_with("rate(") && !rule.expression.starts_with("cron(") {
            self.warn(line, format!("{what} is left out: schedules are rate(...) or cron(...)"));
            return;
        }
        if let Err(why) = Rule::check(&rule.expression) {
            self.warn(line, format!("{what} is left out: {why}"));
            return;
        }
        self.plan.triggers.push(Trigger { function: function.to_owned(), source: Source::Schedule(rule) });
    }

    /// Whether `Enabled` or `State` say that it does not run.
    fn is_off(&mut self, what: &str, properties: &Node) -> bool {
        self.text(what, properties, "Enabled").is_some_and(|it| it.eq_ignore_ascii_case("false"))
            || self.text(what, properties, "State").is_some_and(|it| it.eq_ignore_ascii_case("DISABLED"))
    }

    /// The function of an ARN with its alias, where it is one of this template.
    fn target(&mut self, arn: &str) -> Option<String> {
        let name = arn.split_once(":function:").map_or(arn, |(_, name)| name);
        self.known_function(function_of(name)).then(|| name.to_owned())
    }

    /// `AWS::S3::Bucket`: its notifications. It needs nothing else: a folder stands for it.
    pub(super) fn bucket(&mut self, id: &str, properties: &Node) {
        let Some(config) = properties.get("NotificationConfiguration") else { return };
        let bucket = match self.text(id, properties, "BucketName") {
            Some(name) => name,
            None => id.to_ascii_lowercase(),
        };
        for (key, node) in config.entries() {
            if key != "LambdaConfigurations" {
                self.warn(
                    node.line,
                    format!("{key} of {id} is left out: the local engine has functions only"),
                );
                continue;
            }
            for item in node.items() {
                let what = format!("a notification of {id}");
                let Some(arn) = self.text(&what, item, "Function") else { continue };
                let Some(function) = self.target(&arn) else {
                    self.warn(item.line, format!("{what} is left out: its function is not in this template"));
                    continue;
                };
                let events = self.value(&what, item, "Event");
                let filter = self.value(&what, item, "Filter");
                self.notification(
                    &what,
                    &function,
                    bucket.clone(),
                    events.as_ref(),
                    filter.as_ref(),
                    item.line,
                );
            }
        }
    }

    /// `AWS::Events::Rule` with a schedule.
    pub(super) fn rule(&mut self, id: &str, properties: &Node) {
        let Some(expression) = self.text(id, properties, "ScheduleExpression") else {
            let line = properties.get("EventPattern").map_or(properties.line, |node| node.line);
            self.warn(line, format!("'{id}' is left out: rules are run that have a ScheduleExpression"));
            return;
        };
        if self.is_off(id, properties) {
            return;
        }
        let name = self.text(id, properties, "Name").unwrap_or_else(|| id.to_owned());
        let line = properties.get("ScheduleExpression").map_or(properties.line, |node| node.line);
        for target in properties.get("Targets").map(Node::items).unwrap_or_default() {
            let Some(arn) = self.text(id, target, "Arn") else { continue };
            let Some(function) = self.target(&arn) else {
                self.warn(
                    target.line,
                    format!("a target of {id} is left out: it is no function of this template"),
                );
                continue;
            };
            if let Some(node) = target.get("InputTransformer").or_else(|| target.get("InputPath")) {
                self.warn(node.line, format!("a target of {id} gets the whole event: only Input is done"));
            }
            let input = self.text(id, target, "Input");
            let rule = Rule { name: name.clone(), expression: expression.clone(), input };
            self.push_rule(id, &function, rule, line);
        }
    }

    /// `AWS::Scheduler::Schedule`.
    pub(super) fn scheduler(&mut self, id: &str, properties: &Node) {
        let Some(target) = properties.get("Target") else {
            self.warn(properties.line, format!("'{id}' is left out: it has no Target"));
            return;
        };
        let Some(arn) = self.text(id, target, "Arn") else { return };
        let Some(function) = self.target(&arn) else {
            self.warn(target.line, format!("'{id}' is left out: its target is no function of this template"));
            return;
        };
        let Some(expression) = self.text(id, properties, "ScheduleExpression") else { return };
        if self.is_off(id, properties) {
            return;
        }
        let line = properties.get("ScheduleExpression").map_or(properties.line, |node| node.line);
        let name = self.text(id, properties, "Name").unwrap_or_else(|| id.to_owned());
        let input = self.text(id, target, "Input");
        self.push_rule(id, &function, Rule { name, expression, input }, line);
    }
}
