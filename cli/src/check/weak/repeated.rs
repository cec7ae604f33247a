//! Fields that stand twice, so that readers disagree which of them counts.

use crate::guards::fields::is_field;
use crate::guards::{ConfigFile, Holds};
use crate::source::Node;

use super::super::finding::{Code, Findings};
use super::super::scene::Scene;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for config in &scene.configs {
        // The guard itself tells of those in its document.
        let plugins = config.contents.plugins();
        let documents: Vec<&Node> = plugins.filter_map(|plugin| plugin.configuration()).collect();
        let Holds::Configuration(roots) = &config.file.holds else { continue };
        for root in roots {
            within(&root.node, config.file, &documents, findings);
        }
    }
}

fn within(node: &Node, file: &ConfigFile, documents: &[&Node], findings: &mut Findings) {
    if documents.iter().any(|document| core::ptr::eq(*document, node)) {
        return;
    }
    for (index, member) in node.members().iter().enumerate() {
        let before = node.members().get(..index).unwrap_or_default();
        let is_same = |name: &str| is_field(name, &member.name) || is_field(&member.name, name);
        if before.iter().any(|other| is_same(&other.name)) {
            let problem = format!(
                "{} stands here twice, and only one of them counts: which one, readers disagree on; leave one",
                member.name
            );
            findings.at(Code::RepeatedField, file, &member.node, problem);
        }
        within(&member.node, file, documents, findings);
    }
    node.items().iter().for_each(|item| within(item, file, documents, findings));
}
