//! The seeds of the fuzz targets, and whatever fuzzing found: both go through the targets here, in a
//! plain test.

use std::fs;
use std::path::Path;

use crate::support::fuzz_seeds::seeds;
use crate::support::fuzz_targets;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 5] = [
    ("options", fuzz_targets::options),
    ("segment", fuzz_targets::segment),
    ("track", fuzz_targets::track),
    ("capture_file", fuzz_targets::capture_file),
    ("report", fuzz_targets::report),
];

#[test]
fn seeds_pass() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() > 40, "{name} has seeds: {}", seeds.len());
        for octets in seeds.values() {
            target(octets);
        }
    }
}

/// What fuzzing found once, and what was made right since: `fuzz/findings/TARGET/NAME`.
#[test]
fn findings_pass() {
    let findings = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/findings");
    for (name, target) in TARGETS {
        let Ok(folder) = fs::read_dir(findings.join(name)) else { continue };
        for finding in folder {
            target(&fs::read(finding.unwrap().path()).unwrap());
        }
    }
}
