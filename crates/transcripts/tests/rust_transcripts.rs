//! Every example and every cell, under the three start methods: they print
//! what Python's twins printed.

use transcripts::{Method, Plan, Program, Rust, Subject, check, root};

#[test]
fn every_program_prints_what_python_printed() {
    let rust = Rust::build(&root()).unwrap();
    let plan = Plan {
        programs: Program::all().unwrap(),
        subjects: vec![Subject::Rust(rust)],
        methods: Method::ALL.to_vec(),
        repeat: 1,
        jobs: 4,
    };
    let tally = check(&plan, &root(), |line| println!("{line}")).unwrap();
    assert_eq!(tally.failed, 0, "see above what differs");
}

#[test]
fn every_twin_is_a_program() {
    let programs = Program::all().unwrap();
    let twins = root().join("examples-book/python");
    for file in twins.read_dir().unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|e| e == "py") && name != "run_twin" {
            assert!(programs.iter().any(|p| p.name() == name), "{name}");
        }
    }
}
