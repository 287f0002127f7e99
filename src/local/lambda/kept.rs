//! What the control plane keeps across restarts: see [`crate::local::keep`].
//!
//! Nobody has to say what a change has changed. After each, [`Lambda::keep`] compares every record with what was noted
//! last. A collection that is to be kept, too, needs a [`Mirror`] in [`Mirrors`], a line in [`Lambda::keep`] and one in
//! [`Lambda::load`]; records that hold zips are read within [`super::shelf::Shelf::reading`].

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Lambda,
    code::Code,
    error::Error,
    queue::accepted::{self, Accepted},
    state::{Function, Phase, Release},
};
use crate::local::{
    keep::{KeepError, Kept, Mirror, Table},
    samples::Sample,
};

/// What the tables of the control plane hold.
pub(super) struct Mirrors {
    functions: Mirror,
    /// Published versions, as `NAME:NUMBER`.
    versions: Mirror,
    layers: Mirror,
    mappings: Mirror,
    code_signing: Mirror,
}

impl fmt::Debug for Mirrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirrors").finish_non_exhaustive()
    }
}

impl Default for Mirrors {
    fn default() -> Self {
        Self {
            functions: Mirror::new(Table("functions")),
            versions: Mirror::new(Table("versions")),
            layers: Mirror::new(Table("layers")),
            mappings: Mirror::new(Table("mappings")),
            code_signing: Mirror::new(Table("code_signing")),
        }
    }
}

impl Lambda {
    /// Notes what is different from what was noted last. Called after every change, before it is acknowledged.
    pub(in crate::local) fn keep(&self) {
        let keeper = &self.setup.keeper;
        if !keeper.keeps() {
            return;
        }
        // Noted under the lock of what is changed: in the order of the changes.
        let functions = self.functions();
        let mut mirrors = lock(&self.mirrors);
        let mut changes = mirrors.functions.changes(&*functions);
        changes.extend(mirrors.versions.changes(functions.values().flat_map(|function| {
            function.versions.iter().map(|(number, release)| (format!("{}:{number}", function.name), release))
        })));
        keeper.note(changes);
        let layers = self.layers();
        keeper.note(mirrors.layers.changes(&*layers));
        drop(layers);
        let mappings = self.mappings();
        keeper.note(mirrors.mappings.changes(&*mappings));
        drop(mappings);
        let configs = self.code_signing_configs();
        keeper.note(mirrors.code_signing.changes(&*configs));
    }

    /// Reads what was kept, before anything else is done; gives the events that are to be taken up. It blocks.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(in crate::local) fn load(&self, kept: &Kept) -> Result<Vec<Accepted>, KeepError> {
        let (read, zips) = self.setup.root.reading(|| {
            let mut mirrors = lock(&self.mirrors);
            let functions: Vec<(String, Function)> = mirrors.functions.load(kept)?;
            let versions: Vec<(String, Release)> = mirrors.versions.load(kept)?;
            self.layers().extend(mirrors.layers.load(kept)?);
            self.mappings().extend(mirrors.mappings.load(kept)?);
            self.code_signing_configs().extend(mirrors.code_signing.load(kept)?);
            Ok::<_, KeepError>((functions, versions))
        });
        let (functions, versions) = read?;
        self.setup.root.tidy(&zips);
        let place = self.place();
        let mut present = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        present.extend(functions);
        for (key, release) in versions {
            let Some((name, number)) = key.rsplit_once(':') else { continue };
            if let (Some(function), Ok(number)) = (present.get_mut(name), number.parse()) {
                function.versions.insert(number, release);
            }
        }
        for function in present.values_mut() {
            let releases = std::iter::once(&mut function.latest).chain(function.versions.values_mut());
            for release in releases.filter(|release| release.phase == Phase::Active) {
                release.serve(&function.name, place);
            }
        }
        drop(present);
        // What was settling has settled by now, and can be provisioned.
        for function in self.functions().values() {
            for (qualifier, config) in &function.provisioned {
                let version = function.aliases.get(qualifier).map_or(qualifier, |alias| &alias.version);
                if let Some(spec) = function.release(version).and_then(|release| release.serving.as_ref()) {
                    self.setup.executor.provision(spec, config.requested);
                }
            }
        }
        accepted::load(kept)
    }

    /// Runs the events that an engine before this one accepted and did not conclude.
    pub(in crate::local) fn go_on(self: &Arc<Self>, events: Vec<Accepted>) {
        for event in events {
            self.take_up(event);
        }
    }

    /// Brings a sample that was created before up to date, where it still is what it was: its zip names the program
    /// that serves it, which may be elsewhere now. `sha256` is that of the zip as it was last brought.
    pub(in crate::local) async fn renew_sample(
        self: &Arc<Self>,
        sample: Sample,
        sha256: &str,
    ) -> Result<(), Error> {
        let is_as_brought = |code: &Code| code.sha256_hex() == sha256;
        let architecture = match self.functions().get(sample.name) {
            Some(function) if is_as_brought(&function.latest.code) => {
                function.latest.code.architecture.clone()
            }
            _ => return Ok(()),
        };
        let code = self.unpack(sample.zip, architecture).await?;
        let mut functions = self.functions();
        let Some(function) = functions.get_mut(sample.name) else { return Ok(()) };
        let Function { name, latest, versions, published, .. } = function;
        if let Some((_, published)) = published.as_mut().filter(|(_, code)| is_as_brought(code)) {
            *published = code.clone();
        }
        for release in std::iter::once(latest).chain(versions.values_mut()) {
            if is_as_brought(&release.code) {
                release.code = code.clone();
                release.serve(name, self.place());
            }
        }
        Ok(())
    }
}

fn lock(mirrors: &Mutex<Mirrors>) -> MutexGuard<'_, Mirrors> {
    mirrors.lock().unwrap_or_else(PoisonError::into_inner)
}
