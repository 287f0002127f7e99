//! Refusals, as CloudWatch words them.

/// An error. The code is that of the query protocol; the other protocols name the exception of the service model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into() }
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    pub fn value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    pub fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    /// A member that must be there.
    pub fn missing(parameter: &str) -> Self {
        Self::new("MissingParameter", format!("The parameter {parameter} is required."))
    }

    /// A body that can't be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// An operation that the engine does not have.
    pub fn unknown_operation(name: &str) -> Self {
        let message = format!("The local engine has no operation '{name}'.");
        Self { status: 501, code: "NotImplemented", message }
    }

    /// The exception of the service model.
    pub fn exception(code: &str) -> &str {
        match code {
            "InvalidParameterValue" => "InvalidParameterValueException",
            "InvalidParameterCombination" => "InvalidParameterCombinationException",
            "MissingParameter" => "MissingRequiredParameterException",
            "ValidationError" => "ValidationException",
            "InternalServiceError" => "InternalServiceFault",
            "NotImplemented" => "NotImplementedException",
            code => code,
        }
    }
}
