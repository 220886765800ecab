//! The table of behaviours, `tests/behaviours.md`, against the cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

crate::cases! {
    each_method: [],
    once: [table_is_complete],
}

const TABLE: &str = include_str!("../behaviours.md");

/// The groups, and how many behaviours are in each.
const GROUPS: [(&str, u32); 15] = [
    ("PROC", 40),
    ("EXIT", 16),
    ("CTX", 14),
    ("MAIN", 7),
    ("FSRV", 9),
    ("DMN", 7),
    ("ACT", 7),
    ("SENT", 10),
    ("LOCK", 8),
    ("RLCK", 6),
    ("VAL", 13),
    ("HEAP", 8),
    ("STDIO", 6),
    ("SIG", 6),
    ("RES", 13),
];

/// Groups of what there is not yet: a line for each.
const LATER: [&str; 10] =
    ["SEM", "COND", "EVT", "BARR", "CONN", "QUE", "POOL", "SHM", "MGR", "LOG"];

struct Row {
    cases: Vec<&'static str>,
    status: &'static str,
}

fn rows() -> BTreeMap<&'static str, Row> {
    let mut rows = BTreeMap::new();
    let lines = TABLE.lines().filter_map(|line| line.strip_prefix("| "));
    for line in lines.skip(1) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [id, cases, status, ""] = cells[..] else {
            panic!("not a row: {line}")
        };
        let cases = cases.split(", ").map(|case| case.trim_matches('`'));
        let cases = cases.filter(|case| !case.is_empty()).collect();
        let row = Row { cases, status };
        assert!(rows.insert(id, row).is_none(), "{id} stands there twice");
    }
    rows
}

/// The id with which the name of a case begins, if it does with one.
fn id_of(case: &str) -> Option<String> {
    let (group, rest) = case.split_once('_')?;
    let group = group.to_uppercase();
    let (number, _) = rest.split_once('_')?;
    let is_id = GROUPS.iter().any(|(known, _)| *known == group)
        && number.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| format!("{group}-{number}"))
}

/// The names of all cases, without their modules and start methods.
fn registered() -> BTreeSet<String> {
    let cases = crate::cases();
    let names = cases.iter().map(|case| {
        let path = case.name().split(' ').next().unwrap();
        path.rsplit("::").next().unwrap().to_owned()
    });
    names.collect()
}

/// Whether there is a unit test of the library with a path such as
/// `heap::tests::rounding`.
fn is_unit_test(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let module = module.replace("::", "/");
    let file = format!("{}/src/{module}.rs", env!("CARGO_MANIFEST_DIR"));
    let test = format!("#[test]\nfn {name}()");
    fs::read_to_string(file).is_ok_and(|text| text.contains(&test))
}

fn table_is_complete() {
    let rows = rows();
    let ids = GROUPS.iter().flat_map(|(group, count)| {
        (1..=*count).map(move |number| format!("{group}-{number:02}"))
    });
    let ids: BTreeSet<String> = ids.chain(LATER.map(str::to_owned)).collect();
    let rows_of: BTreeSet<_> = rows.keys().map(|id| (*id).to_owned()).collect();
    assert_eq!(rows_of, ids, "the ids");

    let cases = registered();
    for (id, row) in &rows {
        let shown = ["as CPython", "read differently: "];
        let not_shown = ["cannot apply: ", "not in this release"];
        let is = |of: &[&str]| of.iter().any(|is| row.status.starts_with(is));
        let has_cases = !row.cases.is_empty();
        let fits = if has_cases { is(&shown) } else { is(&not_shown) };
        assert!(fits, "{id}: the status {:?} with its cases", row.status);
        for case in &row.cases {
            let exists = cases.contains(*case) || is_unit_test(case);
            assert!(exists, "{id}: there is no case {case}");
        }
    }
    for case in &cases {
        if let Some(id) = id_of(case) {
            let row = rows.get(id.as_str());
            let listed = row.is_some_and(|row| row.cases.contains(&&**case));
            assert!(listed, "{case} does not stand in the row of {id}");
        }
    }
}
