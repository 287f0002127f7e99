//! Sessions: connecting, switching, and what a new session begins with.

use crate::{
    app::{
        App, Effect, Remote, Screen, Ticket,
        messages::Severity,
        msg::Connected,
        overlay::{Item, Overlay, Picker, PickerKind},
    },
    cloud::{self, Kind, Spec},
};

impl App {
    pub(super) fn connect(&mut self, spec: Spec) -> Vec<Effect> {
        // Before the first session there is nothing that a failed switch could leave as it was.
        let verify = self.session.current.is_some();
        if !verify {
            // What is tried again, and what a choice of another region builds on.
            self.session.spec = spec.clone();
        }
        let epoch = self.session.begin(spec.clone());
        self.overlay = None;
        self.beneath.clear();
        vec![Effect::Connect { epoch, spec, verify }]
    }

    pub(super) fn start_local(&mut self) -> Vec<Effect> {
        self.overlay = None;
        self.beneath.clear();
        if let Some(spec) = self.session.local_spec.clone() {
            return self.connect(spec);
        }
        let epoch = self.session.begin(Spec::default());
        vec![Effect::StartLocal { epoch }]
    }

    /// All of it goes into the message log; what is seen at once is that there are warnings.
    pub(super) fn engine_notes(&mut self, notes: Vec<(Severity, String)>) -> Vec<Effect> {
        let (warnings, others): (Vec<_>, Vec<_>) =
            notes.into_iter().partition(|(severity, _)| *severity == Severity::Warning);
        let count = warnings.len();
        for (severity, text) in others.into_iter().chain(warnings) {
            self.say(severity, text);
        }
        if count > 1 {
            let text = format!("{count} things of the projects can't be done here: :messages shows them");
            self.say(Severity::Warning, text);
        }
        Vec::new()
    }

    pub(super) fn connected(
        &mut self,
        epoch: u32,
        result: Result<Box<Connected>, cloud::Error>,
    ) -> Vec<Effect> {
        if self.session.connecting.as_ref().is_none_or(|(awaited, _)| *awaited != epoch) {
            return Vec::new();
        }
        self.session.connecting = None;
        match result {
            Ok(connected) => self.begin_session(epoch, *connected),
            // The start screen says already that there are none, and what can be done.
            Err(error) if self.session.unnamed && error.kind == Kind::Credentials => {
                self.screen = Screen::Start;
                Vec::new()
            }
            Err(error) => {
                self.report(&error);
                self.session.error = Some(error);
                if self.session.current.is_none() {
                    self.screen = Screen::Start;
                }
                Vec::new()
            }
        }
    }

    /// Everything of the old session goes at once; what is still on its way is dropped by its epoch.
    pub(super) fn begin_session(&mut self, epoch: u32, connected: Connected) -> Vec<Effect> {
        let followed = [self.leave_logs(), self.leave_many_logs()];
        // Edits wait for the session that they were made in.
        self.stash_drafts();
        self.stash_event();
        self.session.epoch = epoch;
        self.session.error = None;
        if connected.spec.keys.is_some() {
            self.session.local_spec = Some(connected.spec.clone());
        }
        self.session.identity = Remote::default();
        self.screen = Screen::Functions;
        self.function = None;
        self.logs = None;
        self.overlay = None;
        self.beneath.clear();
        self.functions = self.functions.emptied();
        // It was about the session before; the message log keeps it.
        self.messages.dismiss();
        self.stop_watching();
        self.leave_bulk();
        let mut effects: Vec<Effect> = self.leave_repeat().into_iter().collect();
        effects.extend(followed.into_iter().flatten());
        effects.extend(self.insights.take().and_then(|pane| pane.ticket).map(Effect::StopInsights));
        effects.extend(self.list_functions());
        if let Some(identity) = connected.identity.clone() {
            self.session.identity.value = Some(identity);
            self.session.identity.loaded_at = Some(self.now);
        } else {
            let ticket = self.ticket();
            self.session.identity.ask(ticket);
            effects.push(Effect::Identify(ticket));
        }
        self.session.spec = connected.spec.clone();
        self.session.current = Some(connected);
        effects
    }

    /// The start screen comes at once; the instance metadata service may still answer behind it.
    pub(super) fn no_credentials(&mut self, epoch: u32) -> Vec<Effect> {
        if self.session.connecting.as_ref().is_some_and(|(awaited, _)| *awaited == epoch)
            && self.session.current.is_none()
        {
            self.session.unnamed = true;
            self.screen = Screen::Start;
        }
        Vec::new()
    }

    pub(super) fn profiles(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<cloud::profiles::Profile>, cloud::Error>,
    ) {
        let Some(Overlay::Picker(picker)) = &mut self.overlay else { return };
        if picker.pending != Some(ticket) {
            return;
        }
        picker.pending = None;
        match result {
            Ok(profiles) => {
                picker.items = profiles
                    .into_iter()
                    .map(|profile| Item {
                        note: [profile.region, profile.sso.then(|| "SSO".to_owned())]
                            .into_iter()
                            .flatten()
                            .collect::<Vec<_>>()
                            .join(" "),
                        name: profile.name,
                    })
                    .collect();
                picker.narrow();
            }
            Err(error) => picker.error = Some(error.to_string()),
        }
    }

    pub(super) fn pick_profile(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let mut picker = Picker::new(PickerKind::Profile, Vec::new());
        picker.pending = Some(ticket);
        self.overlay = Some(Overlay::Picker(picker));
        vec![Effect::LoadProfiles(ticket)]
    }

    pub(super) fn switch(&mut self, kind: &PickerKind, chosen: String) -> Vec<Effect> {
        let spec = self.session.spec.clone();
        let spec = match kind {
            // The local engine has no profiles: choosing one leaves it. The region is the profile's own.
            PickerKind::Region => Spec { region: Some(chosen), ..spec },
            _ => Spec {
                profile: Some(chosen),
                region: None,
                endpoint_url: spec.endpoint_url.clone().filter(|_| spec.keys.is_none()),
                keys: None,
                ..spec
            },
        };
        self.connect(spec)
    }
}
