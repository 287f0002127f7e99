//! Functions of the user's folders and templates: made at start, and kept up with the files ever after.
//!
//! Before an event is given to such a function, its files are looked at. Events that come while somebody looks wait,
//! and share the next look: one that began after they came. So an edit that was there before the event was sent is
//! always seen, however many events there are.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::{Lambda, error::Error, names};
use crate::local::{
    exec,
    projects::{
        self, FunctionPlan, Installed, Interpreters, Look, Plan, Project, ProjectError, Source, Warning,
    },
    triggers::{self, Trigger},
};

mod carry_out;
mod put;

use put::pack;

/// The projects, and the functions that came of them.
#[derive(Default)]
pub(super) struct Projects {
    all: Mutex<Vec<Arc<Followed>>>,
    functions: Mutex<BTreeMap<String, Arc<FollowedFunction>>>,
}

// Environment values could be in what was read.
impl fmt::Debug for Projects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projects").field("projects", &lock(&self.all).len()).finish_non_exhaustive()
    }
}

/// A folder or template.
struct Followed {
    project: Project,
    interpreters: Interpreters,
    /// Folders that belong to no code.
    without: Vec<PathBuf>,
    /// Looks that have begun.
    begun: AtomicU64,
    /// Held while somebody looks, which takes awaiting: hence tokio's.
    state: Arc<Turn<TemplateState>>,
}

#[derive(Default)]
struct TemplateState {
    /// The last look that is over.
    done: u64,
    /// The text that the functions are made of, by its hash.
    text: Digest,
    /// The code of its layers.
    layers: Vec<(Source, Look)>,
    triggers: Vec<Trigger>,
    /// Versions that were published, by the logical ids of their resources.
    versions: BTreeMap<String, String>,
    /// What is wrong with it now.
    trouble: Option<String>,
}

/// A function of a project.
struct FollowedFunction {
    owner: Arc<Followed>,
    begun: AtomicU64,
    /// As that of the template. Whoever holds this never waits for the template's.
    state: Arc<Turn<FunctionState>>,
}

/// What a function was last made of. Where that is still so, a client's own changes stay.
#[derive(Default)]
struct FunctionState {
    done: u64,
    source: Option<Source>,
    look: Option<Look>,
    zip: Digest,
    settings: Digest,
    layers: Vec<String>,
    alias: Option<String>,
    provisioned: Option<i64>,
    trouble: Option<String>,
}

type Digest = [u8; 32];

/// What came of a plan.
type Done = Pin<Box<dyn Future<Output = (OwnedMutexGuard<TemplateState>, Vec<Warning>)> + Send>>;

impl Lambda {
    /// Makes the functions of these folders and templates. `persist` is the engine's own folder, which is no code.
    ///
    /// # Errors
    /// A path that is no project, or two of them with a function of the same name.
    pub(in crate::local) async fn install_projects(
        self: &Arc<Self>,
        paths: Vec<PathBuf>,
        without: Vec<PathBuf>,
    ) -> Result<Installed, ProjectError> {
        if paths.is_empty() {
            return Ok(Installed::default());
        }
        let found =
            blocking(move || paths.iter().map(|path| Project::find(path)).collect::<Result<Vec<_>, _>>());
        let found = found.await.unwrap_or_else(|| Ok(Vec::new()))?;
        let folders = found.iter().any(|project| matches!(project, Project::Folder(_)));
        let interpreters = if folders { exec::interpreters().await } else { Interpreters::new() };
        let mut plans = Vec::new();
        let mut owners: BTreeMap<String, PathBuf> = BTreeMap::new();
        for project in found {
            let owner = Arc::new(Followed {
                project,
                interpreters: interpreters.clone(),
                without: without.clone(),
                begun: AtomicU64::new(0),
                state: Arc::default(),
            });
            let (text, plan) = self.read_project(&owner).await?;
            for function in &plan.functions {
                let path = owner.project.path();
                if let Some(other) = owners.insert(function.name.clone(), path.to_owned()) {
                    let text = format!(
                        "its function '{}' is in {}, too: rename one of them",
                        function.name,
                        other.display()
                    );
                    return Err(ProjectError {
                        path: path.to_owned(),
                        line: function.line,
                        column: None,
                        text,
                    });
                }
            }
            plans.push((owner, text, plan));
        }
        let mut installed = Installed::default();
        for (owner, text, mut plan) in plans {
            lock(&self.projects.all).push(Arc::clone(&owner));
            installed.triggers.extend(plan.triggers.iter().cloned());
            installed.urls.extend(plan.urls.iter().cloned());
            installed.warnings.append(&mut plan.warnings);
            let mut state = Arc::clone(&owner.state).lock_owned().await;
            state.text = text;
            state.triggers.clone_from(&plan.triggers);
            let (_, mut warnings) = Arc::clone(self).carry_out(owner, state, plan).await;
            installed.warnings.append(&mut warnings);
        }
        Ok(installed)
    }

    /// The project as it is now, with the hash of its template's text.
    async fn read_project(&self, owner: &Arc<Followed>) -> Result<(Digest, Plan), ProjectError> {
        let (owner, place) = (Arc::clone(owner), self.place().clone());
        let path = owner.project.path().to_owned();
        let read = blocking(move || {
            let text = owner.project.text()?;
            let plan = owner.project.plan(&text, &place, &owner.interpreters, &owner.without)?;
            Ok((digest(text.as_bytes()), plan))
        });
        read.await.unwrap_or_else(|| {
            Err(ProjectError { path, line: None, column: None, text: "reading it failed".to_owned() })
        })
    }

    /// Brings a project's function up to its files. Says what is wrong with them, for the function's log.
    pub(super) async fn keep_up(self: &Arc<Self>, name: &str) -> Option<String> {
        let followed = lock(&self.projects.functions).get(name).cloned();
        let Some(followed) = followed else {
            // It may have come into a template just now.
            let all = lock(&self.projects.all).clone();
            if !all.is_empty() && !self.functions().contains_key(name) {
                for owner in all {
                    self.keep_up_template(&owner).await;
                }
            }
            return None;
        };
        let trouble = self.keep_up_template(&followed.owner).await;
        self.keep_up_code(name, &followed).await.or(trouble)
    }

    async fn keep_up_template(self: &Arc<Self>, owner: &Arc<Followed>) -> Option<String> {
        if matches!(owner.project, Project::Folder(_)) {
            return None;
        }
        let arrived = owner.begun.load(Ordering::SeqCst);
        let mut state = Arc::clone(&owner.state).lock_owned().await;
        if state.done > arrived {
            return state.trouble.clone();
        }
        let look = owner.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let project = owner.project.clone();
        let layers: Vec<_> = state.layers.clone();
        let looked = blocking(move || {
            let text = project.text().map(|text| digest(text.as_bytes()));
            let layers_same = layers
                .iter()
                .all(|(source, before)| projects::look(source).is_ok_and(|look| look.is_same(before)));
            (text, layers_same)
        });
        let (text, layers_same) = looked.await?;
        match text {
            Ok(text) if text == state.text && layers_same => {}
            Ok(_) => {
                // To its end, also when the client that sent the event is gone.
                let (lambda, owner) = (Arc::clone(self), Arc::clone(owner));
                let renewed = tokio::spawn(async move { lambda.renew_template(owner, state).await });
                state = renewed.await.ok()?;
            }
            // An editor may be about to put it back.
            Err(error) => state.trouble = Some(line_of(&error)),
        }
        state.done = look;
        state.trouble.clone()
    }

    async fn renew_template(
        self: Arc<Self>,
        owner: Arc<Followed>,
        mut state: OwnedMutexGuard<TemplateState>,
    ) -> OwnedMutexGuard<TemplateState> {
        let (text, plan) = match self.read_project(&owner).await {
            Ok(read) => read,
            Err(error) => {
                state.trouble = Some(line_of(&error));
                return state;
            }
        };
        let path = owner.project.path().to_owned();
        state.text = text;
        let other_events = (state.triggers != plan.triggers).then(|| {
            format!("lambdeck: {}: its events have changed: start lambdeck again for them", file_name(&path))
        });
        let before: Vec<_> = plan.warnings.iter().map(ToString::to_string).collect();
        let (mut state, warnings) = Arc::clone(&self).carry_out(owner, state, plan).await;
        self.keep();
        for warning in before.into_iter().chain(warnings.iter().map(ToString::to_string)) {
            tracing::warn!("{warning}");
        }
        // What could not be done is said where somebody looks: in the log of the functions.
        state.trouble = warnings
            .first()
            .map(|it| line_of(&ProjectError { path, line: it.line, column: None, text: it.text.clone() }))
            .or(other_events);
        state
    }

    async fn keep_up_code(self: &Arc<Self>, name: &str, followed: &Arc<FollowedFunction>) -> Option<String> {
        let arrived = followed.begun.load(Ordering::SeqCst);
        let mut state = Arc::clone(&followed.state).lock_owned().await;
        if state.done > arrived {
            return state.trouble.clone();
        }
        let look = followed.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let source = state.source.clone()?;
        let looked = blocking(move || projects::look(&source).ok()).await.flatten();
        let is_same = looked.zip(state.look.as_ref()).is_some_and(|(look, before)| look.is_same(before));
        if !is_same {
            let renewed = Arc::clone(self).renew(name.to_owned(), Arc::clone(&followed.owner), state);
            state = tokio::spawn(renewed).await.ok()?;
        }
        state.done = look;
        state.trouble.clone()
    }

    /// As [`Lambda::renew_code`], boxed: operations lead to invocations, which lead back here.
    fn renew(
        self: Arc<Self>,
        name: String,
        owner: Arc<Followed>,
        mut state: OwnedMutexGuard<FunctionState>,
    ) -> Pin<Box<dyn Future<Output = OwnedMutexGuard<FunctionState>> + Send>> {
        Box::pin(async move {
            state.trouble = self.renew_code(&name, &owner, &mut state).await.err();
            self.keep();
            state
        })
    }

    /// New code, where the files make another zip than before.
    async fn renew_code(
        self: &Arc<Self>,
        name: &str,
        owner: &Arc<Followed>,
        state: &mut FunctionState,
    ) -> Result<(), String> {
        let Some(source) = state.source.clone() else { return Ok(()) };
        let path = owner.project.path().to_owned();
        let trouble = |text: String| format!("lambdeck: {}: {text}", file_name(&path));
        let (package, zip) = pack(source).await.map_err(&trouble)?;
        if zip == state.zip {
            state.look = Some(package.look);
            return Ok(());
        }
        let Ok(architecture) =
            self.with_function(&target(name), |it| Ok(it.latest.code.architecture.clone()))
        else {
            // Somebody has deleted it.
            return Ok(());
        };
        let code = self
            .unpack_package(package.zip, architecture)
            .await
            .map_err(|error| trouble(error.to_string()))?;
        let replaced = self.with_function(&target(name), |function| {
            function.latest.code = code;
            self.take_effect(function);
            Ok(())
        });
        state.zip = zip;
        state.look = Some(package.look);
        // A folder's handler may have another name now.
        let mut trouble_with_handler = None;
        if matches!(owner.project, Project::Folder(_)) {
            match self.read_project(owner).await {
                Ok((_, plan)) => {
                    if let Some(plan) = plan.functions.first()
                        && settings_digest(plan) != state.settings
                    {
                        state.settings = settings_digest(plan);
                        self.put_function(plan, None, true).map_err(|error| trouble(shown(&error)))?;
                    }
                }
                Err(error) => trouble_with_handler = Some(line_of(&error)),
            }
        }
        if replaced.is_ok() {
            self.publish_alias(name, state).await.map_err(trouble)?;
        }
        trouble_with_handler.map_or(Ok(()), Err)
    }
}

/// Runs what blocks; nothing where it crashed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!(%error, "work on a project failed")).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn target(name: &str) -> names::Target {
    names::Target { name: name.to_owned(), qualifier: None }
}

fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

fn settings_digest(plan: &FunctionPlan) -> Digest {
    let mut text = serde_json::to_vec(&plan.settings).unwrap_or_default();
    text.extend(serde_json::to_vec(&plan.tags).unwrap_or_default());
    digest(&text)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A line for a function's log.
fn line_of(error: &ProjectError) -> String {
    let short = ProjectError { path: PathBuf::from(file_name(&error.path)), ..error.clone() };
    format!("lambdeck: {short}")
}

/// An error without the values that it may repeat.
fn shown(error: &Error) -> String {
    let text = error.to_string();
    match text.split_once(" String measured:") {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}
