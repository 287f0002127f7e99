//! STS: GetCallerIdentity, over the query protocol.

use super::http::Answer;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers a query-protocol form body.
pub(super) fn handle(
    form: &[(String, String)],
    account_id: &str,
    partition: &str,
    request_id: &str,
) -> Answer {
    let action = form.iter().find(|(name, _)| name == "Action").map_or("", |(_, value)| value.as_str());
    if action != "GetCallerIdentity" {
        return error(
            501,
            "NotImplemented",
            &format!("The local engine has no operation '{action}'."),
            request_id,
        );
    }
    // The fields are the engine's own: an ARN and digits, nothing to escape.
    xml(
        200,
        format!(
            "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
             <Arn>arn:{partition}:iam::{account_id}:user/lambdeck</Arn><UserId>AIDALAMBDECK{account_id}</UserId>\
             <Account>{account_id}</Account></GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        ),
    )
}

/// An error of the query protocol.
pub(super) fn error(status: u16, code: &str, message: &str, request_id: &str) -> Answer {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{}</Code><Message>{}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>",
            escape(code),
            escape(message)
        ),
    )
    .with_header("x-amzn-errortype", code)
}

fn xml(status: u16, body: String) -> Answer {
    Answer::typed(status, "text/xml", body)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
