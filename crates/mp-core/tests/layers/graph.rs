//! Circles: what uses each other, directly or by way of others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::source::Use;

/// Everything in a folder that uses something else in it: files, and folders
/// as wholes. Of the uses between two, the first is here.
type Graph<'a> = BTreeMap<String, BTreeMap<String, &'a Use>>;

/// The circles of files and of folders, at every level, each with the uses that
/// make it.
pub(crate) fn circles(uses: &[Use]) -> Vec<String> {
    let mut graphs: BTreeMap<Vec<String>, Graph> = BTreeMap::new();
    for one in uses {
        let (from, to) = (one.from.path(), one.to.path());
        let common =
            from.iter().zip(to).take_while(|(one, other)| one == other).count();
        // A folder's own file is above what is in the folder, or below it; as a
        // part of the folder it is called by the folder's name.
        let name = |path: &[String]| {
            let length = path.len().min(common + 1);
            path[..length].join("::")
        };
        let graph = graphs.entry(from[..common].to_vec()).or_default();
        let tos = graph.entry(name(from)).or_default();
        tos.entry(name(to)).or_insert(one);
    }
    graphs.values().flat_map(circles_of).collect()
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
            circles.insert(circle);
        }
    }
    circles.iter().map(|circle| told(graph, circle)).collect()
}

fn told(graph: &Graph, circle: &[&str]) -> String {
    let mut told = format!("a circle: {}", circle.join(", "));
    for from in circle {
        for (to, one) in &graph[*from] {
            if circle.contains(&to.as_str()) {
                write!(told, "\n  {one}").unwrap();
            }
        }
    }
    told
}

/// All that can be reached from one.
fn reached<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(one) = next.pop() {
        for to in graph.get(one).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.as_str()) {
                next.push(to);
            }
        }
    }
    reached
}
