//! The option-space calculator as a user meets it.

use std::process::Command;

use serde_json::Value;

fn space(arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mptcpscope"))
        .arg("space")
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_is_printed() {
    for (name, arguments) in [
        ("table", ""),
        ("table-beside-dss", "--dss ack32 --timestamps on"),
        ("ipv6-port", "--ipv6 --port"),
        ("ipv6-port-no-timestamps", "--ipv6 --port --timestamps off --sack 2"),
        ("ipv4-beside-everything", "--ipv4 --dss map64ack64 --checksum --sack 4"),
        ("echo", "--port --echo --dss ack64 --sack 1"),
        ("signed", "--ipv6 --md5"),
        ("fast-open", "--handshake capable-syn-ack --fastopen 8"),
    ] {
        let text = space(arguments);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{arguments}: {text}");
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn first_data_with_a_checksum() {
    let header = first("--handshake capable-data --checksum --json");
    assert_eq!((&header["octets"], &header["padded"]), (&34.into(), &36.into()));
}

/// Octets with timestamps and without, for all that MPTCP says when a connection or subflow opens.
#[test]
fn handshakes() {
    let table = [
        ("capable-syn", 24, 16),
        ("capable-syn --fastopen 0", 28, 20),
        ("capable-syn --fastopen 8", 36, 28),
        ("capable-syn --fastopen 16", 44, 36),
        ("capable-syn-v0", 32, 24),
        ("capable-syn-ack", 32, 24),
        ("capable-ack", 32, 20),
        ("capable-data", 36, 24),
        ("join-syn", 32, 24),
        ("join-syn-ack", 36, 28),
        ("join-ack", 36, 24),
    ];
    for (segment, on, off) in table {
        for (switch, padded) in [("on", on), ("off", off)] {
            let header = first(&format!("--handshake {segment} --timestamps {switch} --json"));
            assert_eq!(header["padded"], padded, "{segment}, {switch}");
        }
    }
}

#[test]
fn json() {
    let header = first("--ipv6 --port --json");
    assert_eq!(header["fit"], "only_unpadded");
    assert_eq!((&header["octets"], &header["padded"]), (&Value::from(40), &Value::from(44)));
    let practice = header["practice"].as_array().unwrap();
    let of = |versions: &str| {
        let row = practice.iter().find(|row| row["versions"] == versions).unwrap();
        row["outcome"].as_str().unwrap()
    };
    assert_eq!(of("5.13 to 7.0"), "stuck");
    assert_eq!(of("6.12.117+, 6.18.44+, 7.1"), "dropped");
    assert_eq!(of("7.2 and later"), "sent_without_timestamps");
    let all: Value = serde_json::from_str(&space("--json")).unwrap();
    assert_eq!(all["headers"].as_array().unwrap().len(), 16);
    let too_long = all["headers"].as_array().unwrap().iter().filter(|one| one["fit"] != "fits");
    assert_eq!(too_long.count(), 1);
}

fn first(arguments: &str) -> Value {
    let answer: Value = serde_json::from_str(&space(arguments)).unwrap();
    answer["headers"][0].clone()
}

#[test]
fn contradictions_are_errors() {
    for arguments in ["--ipv4 --ipv6", "--sack 5", "--checksum", "--fastopen 8", "--ao 41"] {
        let output = Command::new(env!("CARGO_BIN_EXE_mptcpscope"))
            .arg("space")
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
    }
}
