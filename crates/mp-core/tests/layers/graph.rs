//! Circles: what uses each other, directly or by way of others.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Use;

/// Everything in a folder that uses something else in it: files, and folders
/// as wholes.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The circles of files and of folders, at every level.
pub(crate) fn circles(uses: &[Use]) -> Vec<String> {
    let mut graphs: BTreeMap<Vec<String>, Graph> = BTreeMap::new();
    for one in uses {
        let (from, to) = (one.from.path(), one.to.path());
        let common =
            from.iter().zip(to).take_while(|(one, other)| one == other).count();
        // A folder's own file is above what is in the folder, or below it; as a
        // part of the folder it is called by the folder's name.
        let name = |path: &[String]| match path.get(common) {
            Some(name) => path[..common].join("::") + sep(common) + name,
            None => path[..common].join("::"),
        };
        let graph = graphs.entry(from[..common].to_vec()).or_default();
        graph.entry(name(from)).or_default().insert(name(to));
    }
    graphs.values().flat_map(circles_of).collect()
}

fn sep(common: usize) -> &'static str {
    if common == 0 { "" } else { "::" }
}

fn circles_of(graph: &Graph) -> Vec<String> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|from| (from.as_str(), reached(graph, from)))
        .collect();
    let mut circles = BTreeSet::new();
    for (from, tos) in &reach {
        let back = |to: &&&str| {
            reach.get(**to).is_some_and(|reached| reached.contains(from))
        };
        let circle: Vec<&str> = tos.iter().filter(back).copied().collect();
        if !circle.is_empty() {
            circles.insert(format!("a circle: {}", circle.join(", ")));
        }
    }
    circles.into_iter().collect()
}

/// All that can be reached from one.
fn reached<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(one) = next.pop() {
        for to in graph.get(one).into_iter().flatten() {
            if reached.insert(to.as_str()) {
                next.push(to);
            }
        }
    }
    reached
}
