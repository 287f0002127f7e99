//! Two functions, versions or aliases, read and compared. Values of variables stay in here.

use super::{Error, Session, Spec};
use crate::domain::{
    compare::{self, Comparison, Side},
    function::Details,
};

/// Reads both sides, each through a session of its own where it names another profile or region, and compares them.
///
/// # Errors
/// As every read, of the side that can't be read.
pub async fn compare(session: &Session, sides: &[Side; 2]) -> Result<Comparison, Error> {
    let (left, right) = tokio::join!(Box::pin(read(session, &sides[0])), Box::pin(read(session, &sides[1])));
    let (left, right) = (left?, right?);
    Ok(Comparison { rows: compare::rows(&left.1, &right.1), titles: [left.0, right.0] })
}

/// One side and its name.
async fn read(session: &Session, side: &Side) -> Result<(String, Details), Error> {
    let session = match spec(session, side) {
        None => session.clone(),
        Some(spec) => {
            Session::open(&spec).await.map_err(|error| of_side(error, &side.function.to_string()))?
        }
    };
    let title = title(&session, side);
    session.control_plane().acquire().await;
    let (name, qualifier) = (side.function.function_name(), side.function.qualifier.as_deref());
    let details = session.get_function(&name, qualifier).await.map_err(|error| of_side(error, &title))?;
    Ok((title, details))
}

fn of_side(error: Error, side: &str) -> Error {
    Error { message: format!("{side}: {}", error.message), ..error }
}

/// What another session is made of, with the guards of this one; none where this one will do.
fn spec(session: &Session, side: &Side) -> Option<Spec> {
    let own = session.spec();
    let region = side.region.as_ref().or(side.function.region.as_ref());
    let profile = side.profile.as_ref().filter(|profile| own.profile.as_ref() != Some(profile));
    match (profile, region) {
        // Another profile brings its own keys, and its own region unless one is named. It leaves the local engine.
        (Some(profile), region) => Some(Spec {
            profile: Some(profile.clone()),
            region: region.cloned(),
            endpoint_url: own.endpoint_url.clone().filter(|_| own.keys.is_none()),
            keys: None,
            ..own.clone()
        }),
        (None, Some(region)) if region != session.region() => {
            Some(Spec { region: Some(region.clone()), ..own.clone() })
        }
        (None, _) => None,
    }
}

/// Whose it is, where, and what: `prod@eu-west-1 checkout:live`.
fn title(session: &Session, side: &Side) -> String {
    let place = session.place();
    let whose = place.profile.or(place.account).or(place.endpoint).unwrap_or_else(|| "environment".into());
    let whose = whose.split_once("://").map_or(whose.as_str(), |(_, host)| host);
    let qualifier = side.function.qualifier.as_ref().map(|it| format!(":{it}")).unwrap_or_default();
    format!("{whose}@{} {}{qualifier}", place.region, side.function.name)
}
