//! Who the engine claims to be, which stays the same across restarts: ARNs name it.

use std::{collections::BTreeMap, path::Path};

use uuid::Uuid;

use super::{Change, KeepError, Kept, META, mirror};
use crate::{domain::secret::Secret, local::auth::Credentials};

const ACCOUNT: &[u8] = b"account";
const REGION: &[u8] = b"region";
const KEY_ID: &[u8] = b"access_key_id";
const SECRET: &[u8] = b"secret_access_key";
const SAMPLES: &[u8] = b"samples";

/// Account, region and key pair.
#[derive(Debug)]
pub(in crate::local) struct Identity {
    pub account_id: String,
    pub region: String,
    pub credentials: Credentials,
}

impl Identity {
    /// What was asked for, else what was kept, else made now; what is new is kept.
    ///
    /// # Errors
    /// [`KeepError::Other`] when another account or region was kept than is asked for.
    pub fn of(
        kept: Option<&Kept>,
        account_id: Option<String>,
        region: String,
        access_key: Option<(String, Secret)>,
    ) -> Result<Self, KeepError> {
        let given =
            access_key.map(|(id, secret)| Credentials { access_key_id: id, secret_access_key: secret });
        let Some(kept) = kept else {
            let account_id = account_id.unwrap_or_else(random_account);
            return Ok(Self { account_id, region, credentials: given.unwrap_or_else(Credentials::random) });
        };
        let rows: BTreeMap<_, _> = kept.rows(META)?.into_iter().collect();
        let row = |key: &[u8]| rows.get(key).map(|value| String::from_utf8_lossy(value).into_owned());
        let mut changes = Vec::new();
        let kept_account = row(ACCOUNT);
        let wanted = account_id.clone().or_else(|| kept_account.clone()).unwrap_or_else(random_account);
        let account_id = same(kept.folder(), "account", wanted, kept_account, |account| {
            changes.push(Change::put(META, ACCOUNT, account));
        })?;
        let region = same(kept.folder(), "region", region, row(REGION), |region| {
            changes.push(Change::put(META, REGION, region));
        })?;
        let credentials = match (given, row(KEY_ID), row(SECRET)) {
            (Some(given), ..) => given,
            (None, Some(id), Some(secret)) => {
                Credentials { access_key_id: id, secret_access_key: Secret::new(secret) }
            }
            _ => {
                let new = Credentials::random();
                changes.push(Change::put(META, KEY_ID, new.access_key_id.as_str()));
                changes.push(Change::put(META, SECRET, new.secret_access_key.reveal()));
                new
            }
        };
        if !changes.is_empty() {
            kept.write(&changes)?;
        }
        Ok(Self { account_id, region, credentials })
    }
}

/// What is wanted, where nothing else was kept.
fn same(
    folder: &Path,
    what: &'static str,
    wanted: String,
    kept: Option<String>,
    keep: impl FnOnce(&str),
) -> Result<String, KeepError> {
    match kept {
        None => keep(&wanted),
        Some(kept) if kept != wanted => {
            return Err(KeepError::Other { folder: folder.to_owned(), what, kept, wanted });
        }
        Some(_) => {}
    }
    Ok(wanted)
}

/// The samples that were ever created, each with the hash of its zip as it was last brought: one that was deleted does
/// not come back.
///
/// # Errors
/// [`KeepError::Unusable`].
pub(in crate::local) fn samples(kept: &Kept) -> Result<BTreeMap<String, String>, KeepError> {
    let row = kept.rows(META)?.into_iter().find(|(key, _)| key == SAMPLES);
    row.map_or_else(
        || Ok(BTreeMap::new()),
        |(_, value)| mirror::read(&value).map_err(|why| kept.unusable(why)),
    )
}

/// Keeps [`samples`].
pub(in crate::local) fn samples_change(samples: &BTreeMap<String, String>) -> Change {
    Change::put(META, SAMPLES, serde_json::to_vec(samples).unwrap_or_default())
}

/// Twelve digits, the first of them no zero.
fn random_account() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("{:012}", 100_000_000_000 + (high ^ low) % 900_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(folder: &Path, account: Option<&str>, region: &str) -> Result<Identity, KeepError> {
        let kept = Kept::open(folder)?;
        Identity::of(Some(&kept), account.map(str::to_owned), region.to_owned(), None)
    }

    #[test]
    fn account_and_key_stay_and_no_other_account_or_region_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let first = identity(folder.path(), None, "eu-west-1").unwrap();
        let again = identity(folder.path(), None, "eu-west-1").unwrap();
        assert_eq!(first.account_id, again.account_id);
        assert_eq!(first.credentials.access_key_id, again.credentials.access_key_id);
        assert_eq!(first.credentials.secret_access_key, again.credentials.secret_access_key);
        assert!(identity(folder.path(), Some(&first.account_id), "eu-west-1").is_ok());

        let other = identity(folder.path(), Some("000000000000"), "eu-west-1").unwrap_err();
        assert!(matches!(other, KeepError::Other { what: "account", .. }), "{other}");
        let other = identity(folder.path(), None, "us-east-1").unwrap_err().to_string();
        assert!(other.contains("eu-west-1") && other.contains("us-east-1"), "{other}");
    }

    #[test]
    fn a_given_key_wins_and_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let made = identity(folder.path(), None, "eu-west-1").unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let given = Some(("AKID".to_owned(), Secret::new("secret")));
        let with = Identity::of(Some(&kept), None, "eu-west-1".into(), given).unwrap();
        assert_eq!(with.credentials.access_key_id, "AKID");
        drop(kept);
        let again = identity(folder.path(), None, "eu-west-1").unwrap();
        assert_eq!(again.credentials.access_key_id, made.credentials.access_key_id);
    }
}
