//! `env set`, `env unset` and `env import`.

use super::{
    super::{
        args::{Agreement, EnvImport, EnvSet, EnvUnset},
        change::{Stage, Target, difference},
        failure::{CONFLICT, ERROR, Failure},
        settings::Settings,
        terminal,
    },
    source, variables,
};
use crate::{
    cloud::Kind,
    domain::{
        change::{Change, Variables},
        name::{FunctionRef, check_environment, check_variable_name},
        text::sanitise,
    },
};

/// How often a change that nobody collided with is put on top of what somebody else did.
const MOST_REPEATS: u32 = 3;

/// What is to become of the variables.
#[derive(Debug)]
enum Edit {
    /// These are set, the others stay.
    Set(Variables),
    /// These go, the others stay.
    Unset(Vec<String>),
    /// These and no others.
    Replace(Variables),
}

impl Edit {
    fn apply(&self, before: &Variables) -> Variables {
        let mut after = before.clone();
        match self {
            Self::Set(variables) => after.extend(variables.clone()),
            Self::Unset(keys) => after.retain(|key, _| !keys.contains(key)),
            Self::Replace(variables) => after.clone_from(variables),
        }
        after
    }
}

/// Sets variables.
///
/// # Errors
/// As all changes.
pub async fn set(arguments: &EnvSet, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    let typed = source::assignments(&arguments.assignments)?;
    let mut variables = match &arguments.from_file {
        Some(path) => source::read(path).await?,
        None => Variables::new(),
    };
    variables.extend(typed);
    let wait = !arguments.no_wait;
    save(&arguments.function, &Edit::Set(variables), wait, &arguments.agreement, settings, stage).await
}

/// Removes variables.
///
/// # Errors
/// As all changes.
pub async fn unset(arguments: &EnvUnset, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    for key in &arguments.keys {
        check_variable_name(key).map_err(|problem| Failure::usage(problem.to_string()))?;
    }
    let edit = Edit::Unset(arguments.keys.clone());
    save(&arguments.function, &edit, !arguments.no_wait, &arguments.agreement, settings, stage).await
}

/// Sets the variables of a file.
///
/// # Errors
/// As all changes.
pub async fn import(arguments: &EnvImport, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    let variables = source::read(&arguments.file).await?;
    let edit = if arguments.replace { Edit::Replace(variables) } else { Edit::Set(variables) };
    save(&arguments.function, &edit, !arguments.no_wait, &arguments.agreement, settings, stage).await
}

async fn save(
    function: &FunctionRef,
    edit: &Edit,
    wait: bool,
    agreement: &Agreement,
    settings: &Settings,
    stage: &Stage,
) -> Result<u8, Failure> {
    let mut target = Target::open(settings, function).await?;
    let mut repeats = 0;
    loop {
        let before = variables(&target.details.configuration)?;
        let after = edit.apply(&before);
        if after != before {
            check_environment(&after).map_err(|problem| Failure::new(ERROR, problem.to_string()))?;
        }
        let order = target.order(Change::Environment { before, after });
        let Some(permit) = target.agree(&order, &[], agreement, stage).await? else { return Ok(0) };
        match target.send(&order, &permit, stage).await {
            Ok(_) => {}
            Err(error) if error.kind == Kind::OutcomeUnknown => target.verify(&order, &error).await?,
            Err(error) if error.kind == Kind::Stale => {
                let earlier = target.reread().await?;
                target.tell_meanwhile(&difference(&earlier, &target.details));
                if let Some(keys) =
                    collisions(edit, &order.change, &variables(&target.details.configuration)?)
                {
                    let text = format!(
                        "{}: somebody else changed {keys} since it was read; nothing was changed",
                        target.function
                    );
                    return Err(
                        Failure::new(CONFLICT, text).with_hint("look at it, then run the command again")
                    );
                }
                repeats += 1;
                if repeats > MOST_REPEATS {
                    return Err(Failure::from(error));
                }
                terminal::note(&sanitise(&format!(
                    "{}: nothing was changed, and none of these variables was touched; once more:",
                    target.function
                )));
                continue;
            }
            Err(error) => return Err(target.refused(&order, error).await),
        }
        if wait {
            target.settle(&order, stage).await?;
        } else {
            terminal::note(&format!("{}: {}", target.function, order.change.said("saved")));
        }
        return Ok(0);
    }
}

/// The variables that an edit is about and somebody else made something else of; none where there are none. One that is
/// set to what it was counts, too.
fn collisions(edit: &Edit, change: &Change, theirs: &Variables) -> Option<String> {
    let Change::Environment { before, after } = change else { return None };
    let mut keys: Vec<&String> = match edit {
        Edit::Set(variables) => variables.keys().collect(),
        Edit::Unset(keys) => keys.iter().collect(),
        Edit::Replace(_) => before.keys().chain(after.keys()).chain(theirs.keys()).collect(),
    };
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| theirs.get(*key) != before.get(*key) && theirs.get(*key) != after.get(*key));
    let keys: Vec<&str> = keys.into_iter().map(String::as_str).collect();
    (!keys.is_empty()).then(|| keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn map(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
    }

    #[test]
    fn one_key_at_a_time_or_all_of_them() {
        let before = map(&[("AA", "1"), ("BB", "2")]);
        assert_eq!(
            Edit::Set(map(&[("BB", "3"), ("CC", "4")])).apply(&before),
            map(&[("AA", "1"), ("BB", "3"), ("CC", "4")])
        );
        assert_eq!(Edit::Unset(vec!["AA".into(), "XX".into()]).apply(&before), map(&[("BB", "2")]));
        assert_eq!(Edit::Replace(map(&[("CC", "4")])).apply(&before), map(&[("CC", "4")]));
    }

    #[test]
    fn only_what_the_edit_is_about_collides() {
        let before = map(&[("AA", "1"), ("BB", "2"), ("CC", "3")]);
        let edit = Edit::Set(map(&[("AA", "9"), ("CC", "3")]));
        let change = Change::Environment { after: edit.apply(&before), before };
        let with = |theirs: &[(&str, &str)]| collisions(&edit, &change, &map(theirs));
        assert_eq!(with(&[("AA", "1"), ("BB", "7"), ("CC", "3")]), None);
        assert_eq!(with(&[("AA", "1"), ("CC", "3")]), None);
        assert_eq!(with(&[("AA", "9"), ("CC", "3")]), None);
        assert_eq!(with(&[("AA", "8"), ("CC", "3")]).as_deref(), Some("AA"));
        assert_eq!(with(&[("CC", "3")]).as_deref(), Some("AA"));
        // It is to stay as it was, and they changed it.
        assert_eq!(with(&[("AA", "8"), ("CC", "4")]).as_deref(), Some("AA, CC"));
    }

    #[test]
    fn replacing_everything_collides_with_everything() {
        let before = map(&[("AA", "1"), ("BB", "2")]);
        let edit = Edit::Replace(map(&[("AA", "9")]));
        let change = Change::Environment { after: edit.apply(&before), before };
        let with = |theirs: &[(&str, &str)]| collisions(&edit, &change, &map(theirs));
        assert_eq!(with(&[("AA", "1"), ("BB", "2")]), None);
        assert_eq!(with(&[("AA", "1"), ("BB", "2"), ("CC", "3")]).as_deref(), Some("CC"));
    }
}
