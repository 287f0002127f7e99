//! How a side of a comparison is typed: `checkout-api:live`, an ARN, `prod@eu-west-1/checkout-api`.

use std::str::FromStr;

use super::{compare::Side, name::FunctionRef};

/// What is wrong with a side that was typed, and how it is typed right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SideError(String);

const FORMS: &str = "type NAME, NAME:QUALIFIER, an ARN, or PROFILE@REGION/NAME";

impl FromStr for Side {
    type Err = SideError;

    /// Reads `NAME[:QUALIFIER]`, an ARN, or either behind `PROFILE@REGION/`, of which profile or region may be left
    /// out: `PROFILE@/NAME`, `@REGION/NAME`. The region of an ARN counts as given.
    fn from_str(text: &str) -> Result<Self, SideError> {
        let text = text.trim();
        let no = |problem: &str| Err(SideError(format!("{problem}: {FORMS}")));
        // Neither a name nor a region has a slash or an @: what has more of them is the profile's.
        let (place, function) = match text.rsplit_once('/') {
            None if text.contains('@') => return no("there is no / before the function"),
            None => (None, text),
            Some((place, function)) => match place.rsplit_once('@') {
                None => return no("there is no @ between profile and region"),
                Some(place) => (Some(place), function),
            },
        };
        let function: FunctionRef = function.parse().map_err(|error| SideError(format!("{error}")))?;
        let (profile, region) = place.unwrap_or_default();
        if place.is_some() && profile.is_empty() && region.is_empty() {
            return no("neither a profile nor a region is before the /");
        }
        if !region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return no("what stands between @ and / is no region");
        }
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let region = match (given(region), function.region.clone()) {
            (Some(region), Some(own)) if region != own => {
                return no(&format!("the ARN is of {own}, not of {region}"));
            }
            (region, own) => region.or(own),
        };
        Ok(Self { profile: given(profile), region, function })
    }
}

impl Side {
    /// The side as it is typed.
    #[must_use]
    pub fn typed(&self) -> String {
        let own = self.function.region.is_some() && self.function.region == self.region;
        let region = self.region.as_deref().filter(|_| !own);
        match (&self.profile, region) {
            (None, None) => self.function.to_string(),
            (profile, region) => format!(
                "{}@{}/{}",
                profile.as_deref().unwrap_or_default(),
                region.unwrap_or_default(),
                self.function
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:checkout-api:live";

    #[rstest]
    #[case("checkout-api", None, None, "checkout-api", None)]
    #[case(" checkout-api:7 ", None, None, "checkout-api", Some("7"))]
    #[case("checkout-api:$LATEST", None, None, "checkout-api", Some("$LATEST"))]
    #[case("prod@eu-west-1/checkout-api:live", Some("prod"), Some("eu-west-1"), "checkout-api", Some("live"))]
    #[case("prod@/checkout-api", Some("prod"), None, "checkout-api", None)]
    #[case("@eu-west-1/checkout-api", None, Some("eu-west-1"), "checkout-api", None)]
    #[case("me@corp@eu-west-1/checkout-api", Some("me@corp"), Some("eu-west-1"), "checkout-api", None)]
    #[case("team/prod@eu-west-1/checkout-api", Some("team/prod"), Some("eu-west-1"), "checkout-api", None)]
    #[case(ARN, None, Some("us-east-1"), "checkout-api", Some("live"))]
    fn sides(
        #[case] text: &str,
        #[case] profile: Option<&str>,
        #[case] region: Option<&str>,
        #[case] name: &str,
        #[case] qualifier: Option<&str>,
    ) {
        let side: Side = text.parse().unwrap();
        assert_eq!((side.profile.as_deref(), side.region.as_deref()), (profile, region));
        assert_eq!((side.function.name.as_str(), side.function.qualifier.as_deref()), (name, qualifier));
        assert_eq!(side.typed(), text.trim());
        assert_eq!(side.typed().parse(), Ok(side));
    }

    #[rstest]
    #[case("prod@eu-west-1", "no / before the function")]
    #[case("eu-west-1/checkout-api", "no @ between")]
    #[case("@/checkout-api", "neither a profile nor a region")]
    #[case("prod@EU/checkout-api", "is no region")]
    #[case("prod@eu-west-1/", "the function name is empty")]
    #[case("", "the function name is empty")]
    #[case("a b", "has ` ` at position 2")]
    #[case("a:b:c", "has a form that Lambda does not know")]
    #[case(
        "@eu-west-1/arn:aws:lambda:us-east-1:123456789012:function:f",
        "the ARN is of us-east-1, not of eu-west-1"
    )]
    fn what_is_no_side_is_told(#[case] text: &str, #[case] told: &str) {
        let error = text.parse::<Side>().unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
