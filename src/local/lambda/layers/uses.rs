//! What functions have of layers.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        Lambda,
        code::{Code, UNZIPPED_LIMIT},
        error::Error,
        validate,
        wire::SettingsInput,
    },
    Content, names,
};

/// A layer version that a function uses. It stays with the function when the layer version is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::local::lambda) struct LayerUse {
    /// The layer version's ARN.
    pub arn: String,
    pub content: Content,
}

// A version never changes, and no number is used twice.
impl PartialEq for LayerUse {
    fn eq(&self, other: &Self) -> bool {
        self.arn == other.arn
    }
}
impl Eq for LayerUse {}

impl Lambda {
    /// The layers that a request asks for; None where it says nothing of them.
    ///
    /// # Errors
    /// When one does not exist, or is not this account's.
    pub(in crate::local::lambda) fn layer_uses(
        &self,
        input: &SettingsInput,
    ) -> Result<Option<Vec<LayerUse>>, Error> {
        let Some(arns) = &input.layers else { return Ok(None) };
        validate::check_layers(arns, self.place())?;
        let layers = self.layers();
        let find = |arn: &String| {
            let version = names::split(self.place(), arn)?;
            let found = layers.get(&version.name).and_then(|layer| layer.versions.get(&version.number));
            match found {
                Some(found) => Ok(LayerUse { arn: arn.clone(), content: found.content.clone() }),
                None => Err(Error::invalid(format!("Layer version {arn} does not exist."))),
            }
        };
        arns.iter().map(find).collect::<Result<_, _>>().map(Some)
    }
}

/// Refuses code and layers that are too large together.
pub(in crate::local::lambda) fn check_unzipped(code: &Code, layers: &[LayerUse]) -> Result<(), Error> {
    let folders = layers.iter().map(|layer| layer.content.folder());
    let size: u64 = code.folder().into_iter().chain(folders).map(|folder| folder.size).sum();
    check_total(size)
}

fn check_total(size: u64) -> Result<(), Error> {
    if size > UNZIPPED_LIMIT as u64 {
        return Err(Error::invalid(format!(
            "Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_LIMIT} bytes. The actual \
             size is {size} bytes."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_total;

    #[test]
    fn code_and_layers_have_250_mb_at_most() {
        assert!(check_total(262_143_999).is_ok());
        assert!(check_total(262_144_000).is_ok());
        assert_eq!(
            check_total(262_144_001).unwrap_err().to_string(),
            "InvalidParameterValueException: Function code combined with layers exceeds the maximum allowed size of \
             262144000 bytes. The actual size is 262144001 bytes."
        );
    }
}
