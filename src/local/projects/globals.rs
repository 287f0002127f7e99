//! `Globals`: what all functions of a SAM template have in common.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>

use super::tree::{Kind, Node};

/// A resource's value beside the global one, merged as SAM does it: maps key by key, lists one after the other, and
/// of anything else, intrinsic functions too, the resource's own.
pub(super) fn merged(global: &Node, own: &Node) -> Node {
    if global.intrinsic().is_some() || own.intrinsic().is_some() {
        return own.clone();
    }
    let kind = match (&global.kind, &own.kind) {
        (Kind::Map(all), Kind::Map(entries)) => {
            let mut merged_entries: Vec<_> = all
                .iter()
                .map(|(key, node)| {
                    let node = own.get(key).map_or_else(|| node.clone(), |mine| merged(node, mine));
                    (key.clone(), node)
                })
                .collect();
            merged_entries.extend(entries.iter().filter(|(key, _)| global.get(key).is_none()).cloned());
            Kind::Map(merged_entries)
        }
        (Kind::List(all), Kind::List(items)) => Kind::List(all.iter().chain(items).cloned().collect()),
        _ => return own.clone(),
    };
    Node { line: own.line, kind }
}

#[cfg(test)]
mod tests {
    use super::{super::tree::parse, merged};

    #[test]
    fn maps_are_merged_lists_joined_and_the_rest_replaced() {
        let tree = parse(
            "G: {Timeout: 5, Runtime: a, Layers: [x], Environment: {Variables: {A: '1', B: '2'}}, Tags: !Ref T, M: {a: 1}}\n\
             F: {Timeout: 9, Layers: [y], Environment: {Variables: {B: '3', C: '4'}}, Tags: {k: v}, M: !Ref X}\n\
             W: {Timeout: 9, Runtime: a, Layers: [x, y], Environment: {Variables: {A: '1', B: '3', C: '4'}}, Tags: {k: v}, M: !Ref X}\n",
        )
        .unwrap();
        let whole = merged(tree.get("G").unwrap(), tree.get("F").unwrap());
        let wanted = tree.get("W").unwrap();
        let plain = |node: &_| {
            format!("{node:?}").replace("line: 1", "").replace("line: 2", "").replace("line: 3", "")
        };
        assert_eq!(plain(&whole), plain(wanted));
    }
}
