//! Every scenario of `testdata/scenarios`: connections in words, and what the report on them says.
//!
//! `SCENARIO=wrap cargo test --test it scenarios:: -- --nocapture` plays those with `wrap` in their file
//! names, and shows their reports. `cargo run --example write_scenarios -- FOLDER` writes all of them as
//! captures.

use std::collections::BTreeSet;

use mptcpscope::internals::analyze::finding::Code;

use crate::support::scenario::{self, Scenario};
use crate::support::skipped;

#[test]
fn every_scenario_is_reported_as_expected() {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let mut failures = Vec::new();
    for file in scenario::files() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.contains(&wanted) {
            continue;
        }
        let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let outcome = scenario.check();
        let differences = outcome.unwrap_or_else(|error| vec![format!("{error:#}")]);
        if !wanted.is_empty() && scenario.play(0).is_ok() {
            let report = scenario::report(&scenario.play(0).unwrap().frames);
            println!("{}", serde_json::to_string_pretty(&report).unwrap());
        }
        match scenario.ignore {
            None if differences.is_empty() => {}
            None => failures.push(format!("{name}:\n    {}", differences.join("\n    "))),
            Some(_) if differences.is_empty() => failures.push(format!("{name}: passes now")),
            Some(reason) => skipped(&format!("scenario {name}: {reason}")),
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_code_has_a_scenario_and_a_near_miss() {
    let (mut raised, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for file in scenario::files() {
        let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let codes = scenario.expect.finding.iter().map(|finding| finding["code"].as_str().unwrap());
        raised.extend(codes.map(str::to_owned));
        silent.extend(scenario.expect.silent);
    }
    let lacking = |known: &BTreeSet<String>| -> Vec<_> {
        Code::ALL.iter().filter(|code| !known.contains(code.name())).collect()
    };
    assert_eq!(lacking(&raised), [&Code::NopRun; 0], "raised by no scenario");
    assert_eq!(lacking(&silent), [&Code::NopRun; 0], "no scenario is a near-miss");
}

/// Why there was but one path: each link of the chain breaks in one of them.
#[test]
fn every_link_to_a_second_path_has_a_scenario() {
    const LINKS: [&str; 12] = [
        "announcement-no-space",
        "announcement-not-echoed",
        "announcement-not-proved",
        "announcement-not-used",
        "announcement-own-address",
        "c-bit-nothing-announced",
        "established-as-backup",
        "established-died",
        "established-unused",
        "established-without-mptcp",
        "join-failed",
        "nothing-offered",
    ];
    let mut broken = BTreeSet::new();
    for file in scenario::files() {
        let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for finding in scenario.expect.finding {
            let link = finding.get("params").and_then(|params| params.get("link"));
            broken.extend(link.map(|link| link.as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(broken, LINKS.map(str::to_owned).into());
}

const GOOD: &str = r#"
name = "a typo is noticed"
segments = """
0 A0 c>s S mp_capable()
"""
[expect.report]
state = "handshaking"
"#;

#[test]
fn what_is_right_passes() {
    assert_eq!(Scenario::parse(GOOD).unwrap().check().unwrap(), [""; 0]);
}

#[test]
fn a_typo_is_noticed() {
    let typos = [
        ("name =", "nmae ="),
        ("expect.report", "expect.reports"),
        ("expect.report", "expect.stream"),
        ("segments", "[connection.A]\nchecksums = true\n[x]\nsegments"),
        ("A0", "A"),
        ("A0", "00"),
        ("c>s", "c<s"),
        (" S ", " SX "),
        ("0 A0", "o A0"),
        ("()", "("),
        ("()", "(D)"),
        ("()", "(C=1)"),
        ("()", "() dta=5"),
        ("()", "() data=5 data=6"),
        ("()", "() data"),
        ("mp_capable", "mp_capble"),
        ("[expect", "[connection.B]\n[expect"),
    ];
    for (right, wrong) in typos {
        let text = GOOD.replacen(right, wrong, 1);
        assert_ne!(text, GOOD);
        let outcome = Scenario::parse(&text).and_then(|scenario| scenario.check());
        assert!(outcome.is_err(), "{wrong} was taken");
    }
}

#[test]
fn a_wrong_expectation_is_noticed() {
    for (right, wrong) in [("handshaking", "established"), ("state =", "stat =")] {
        let text = GOOD.replacen(right, wrong, 1);
        assert_eq!(Scenario::parse(&text).unwrap().check().unwrap().len(), 1, "{wrong}");
    }
}
