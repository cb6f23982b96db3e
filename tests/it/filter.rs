//! The filter language: what is written means what is read, and what is asked of captures is answered.

use std::path::Path;

use mptcpscope::internals::analyze::finding::Code;
use mptcpscope::internals::filter::{Field, Filter, Kind};
use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::json;
use mptcpscope::internals::report::rows::{self, FindingRow, OrphanRow};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::reports;
use crate::support::testdata;

fn report(capture: &str) -> Report {
    reports::built_report(&[testdata::path("captures").join(capture)])
}

/// IDs of the connections that a filter takes.
fn taken(report: &Report, text: &str) -> Vec<usize> {
    let filter = rows::filter(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let all = rows::connection_rows(report).enumerate();
    all.filter(|(_, row)| filter.takes(row)).map(|(id, _)| id).collect()
}

#[test]
fn connections() {
    let fast_open = report("fast-open.pcap");
    let all: Vec<_> = (0..fast_open.connections.len()).collect();
    assert!(all.len() > 1);
    assert_eq!(taken(&fast_open, ""), all);
    assert_eq!(taken(&fast_open, "connection == 1"), [1]);
    assert_eq!(taken(&fast_open, "connection != 1"), [0]);

    let two = report("two-subflows.pcap");
    for (text, is_taken) in [
        ("ip.addr == 192.0.2.0/24", true),
        ("ip.addr != 192.0.2.0/24", false),
        ("ip.addr == 2001:db8::/32", false),
        ("tcp.port == 5001", true),
        ("subflows == 2", true),
        ("subflows > 2", false),
        ("state == closed", true),
        ("state == fallback", false),
        ("state != fallback", true),
        ("mptcp.version == 1", true),
        ("bytes > 1kB and bytes < 1GB", true),
        ("duration > 1ms and duration < 1h", true),
        ("rtt < 1s", true),
        ("option == MP_JOIN", true),
        ("option == MP_FAIL", false),
        ("option != MP_FAIL", true),
        ("class == data", true),
        ("class == unmapped", false),
        ("class != unmapped", true),
        ("class in {unmapped, remapped}", false),
        // There may be packets of these classes, or not.
        ("class == ack", false),
        ("class != ack", false),
        ("not class in {ack, unmapped}", false),
        ("direction == c2s side == server", true),
        ("input == two-subflows.pcap", true),
        ("input contains two-sub", true),
        ("input == 0", true),
        ("input != 0", false),
        ("frame.number == 1", true),
        ("tcp.stream == 1", true),
        ("severity >= warning", false),
        ("not severity >= warning", true),
        ("code != single-path", true),
        // Known names, and nothing known of them.
        ("paths >= 0", false),
        ("not paths >= 0", false),
        ("interface != eth0", false),
        ("loss < 100%", false),
        // Not all packets of a connection are listed, so none is known to be another one's.
        ("frame.number != 1000000", false),
    ] {
        assert_eq!(!taken(&two, text).is_empty(), is_taken, "{text}");
    }
}

#[test]
fn a_state_that_is_not_known_may_be_any() {
    let mut two = report("two-subflows.pcap");
    two.connections[0].state = mptcpscope::internals::analyze::state::ConnectionState::Unknown;
    assert_eq!(taken(&two, "state == unknown"), [0]);
    assert!(taken(&two, "state == closed").is_empty());
    assert!(taken(&two, "state != closed").is_empty());
    two.connections[0].client.token = None;
    assert!(taken(&two, "mptcp.token != 0x00000000").is_empty());
    two.connections[0].events_dropped = 1;
    assert!(taken(&two, "option != MP_FAIL").is_empty());
}

#[test]
fn findings() {
    let refused = report("join-refused-limit.pcap");
    let taken = |text: &str| {
        let filter = rows::filter(text).unwrap();
        let row =
            |finding| FindingRow::new(&refused, finding, rows::connection_of(&refused, finding));
        let all = refused.findings.iter();
        let taken = all.filter(|finding| filter.takes(&row(finding)));
        taken.map(|finding| finding.code.name()).collect::<Vec<_>>()
    };
    assert!(!taken("severity >= note").is_empty());
    assert_eq!(taken("code == join-rejected").first(), Some(&"join-rejected"));
    assert!(taken("code == join-rejected and severity < warning").is_empty());
    assert_eq!(taken("code != join-rejected and code == join-rejected"), [""; 0]);
    let packet = refused.findings.iter().find(|found| !found.packets.is_empty()).unwrap();
    let text = format!("frame.number == {}", packet.packets[0]);
    assert!(taken(&text).contains(&packet.code.name()));
}

#[test]
fn orphan_joins() {
    let orphans = report("join-refused-token.pcap");
    for orphan in &orphans.orphan_subflows {
        let row = OrphanRow::new(&orphans, orphan);
        let takes = |text: &str| rows::filter(text).unwrap().takes(&row);
        let port = orphan.subflow.server.port;
        assert!(takes(&format!("tcp.port == {port}")) && takes(&port.to_string()));
        // Of its connection nothing is known.
        assert!(!takes("bytes >= 0") && !takes("bytes < 0") && !takes("not bytes > 5"));
    }
}

#[test]
fn a_report_is_cut_down_to_what_is_wanted() {
    let mut fast_open = report("fast-open.pcap");
    let before = fast_open.clone();
    let unknown = rows::keep(&mut fast_open, &rows::filter("connection == 1").unwrap());
    assert!(unknown.is_empty());
    assert_eq!(fast_open.connections.len(), 1);
    assert_eq!(fast_open.connections[0], before.connections[1]);
    assert_eq!(fast_open.totals.connections, before.totals.connections);
    let mut whole = before.clone();
    assert!(rows::keep(&mut whole, &Filter::default()).is_empty());
    assert_eq!(whole.filter, None);
    let unknown = rows::keep(&mut whole, &rows::filter("paths > 1").unwrap());
    assert_eq!((unknown, whole.connections.len()), (vec![Field::Paths], 0));
    let mut written = Vec::new();
    json::write(&whole, &mut written).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["filter"], "paths > 1");
}

/// The words of the fields are those of the JSON schema.
#[test]
fn words_are_those_of_the_report() {
    let schema = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json"),
    )
    .unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for (name, field) in [
        ("ConnectionState", Field::State),
        ("Severity", Field::Severity),
        ("Direction", Field::Direction),
        ("RoleName", Field::Side),
    ] {
        let (Kind::Word(words) | Kind::Level(words)) = field.kind() else { panic!("{name}") };
        let all = schema["$defs"][name]["oneOf"].as_array().unwrap();
        for word in all.iter().map(|word| word["const"].as_str().unwrap()) {
            assert!(words.contains(&word), "{field} lacks {word}");
        }
    }
    let Kind::Word(options) = Field::Option.kind() else { panic!("options are words") };
    let text = schema.to_string();
    assert!(options.iter().all(|option| text.contains(&format!("\"{option}\""))));
}

fn values(field: Field) -> BoxedStrategy<String> {
    let of = |values: &[&str]| {
        prop::sample::select(values.iter().map(ToString::to_string).collect::<Vec<_>>()).boxed()
    };
    match field.kind() {
        Kind::Address => prop_oneof![
            any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
            (any::<std::net::Ipv4Addr>(), 0..=32u8).prop_map(|(to, len)| format!("{to}/{len}")),
            (any::<std::net::Ipv6Addr>(), 0..=128u8).prop_map(|(to, len)| format!("{to}/{len}")),
        ]
        .boxed(),
        Kind::Number | Kind::Version => any::<u64>().prop_map(|number| number.to_string()).boxed(),
        Kind::Hex32 => any::<u32>().prop_map(|number| format!("0x{number:08X}")).boxed(),
        Kind::Size => (
            0..1u64 << 20,
            prop::sample::select(vec![
                "", "B", "kB", "KB", "MB", "GB", "KiB", "MiB", "GiB", "kbit", "Mbit", "Gbit",
            ]),
        )
            .prop_map(|(number, unit)| format!("{number}{unit}"))
            .boxed(),
        Kind::Time => (
            0..1u64 << 12,
            prop::sample::select(vec!["ns", "us", "µs", "ms", "s", "m", "min", "h", "d"]),
        )
            .prop_map(|(number, unit)| format!("{number}{unit}"))
            .boxed(),
        Kind::Share => (0..100u32, 0..10_000u32)
            .prop_map(|(whole, part)| format!("{whole}.{part:04}%"))
            .boxed(),
        Kind::Word(words) | Kind::Level(words) => of(words),
        Kind::Code => of(&Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>()),
        Kind::Text => "[a-z0-9._-]{1,8}|\"[ -~&&[^\\\\\"]]{0,8}\"".boxed(),
    }
}

fn terms() -> impl Strategy<Value = String> {
    let compare = prop::sample::select(Field::ALL.to_vec()).prop_flat_map(|field| {
        let ordered = matches!(
            field.kind(),
            Kind::Number | Kind::Version | Kind::Size | Kind::Time | Kind::Share | Kind::Level(_)
        );
        let textual =
            matches!(field.kind(), Kind::Address | Kind::Word(_) | Kind::Code | Kind::Text);
        let mut signs = vec!["==", "!=", "="];
        signs.extend(ordered.then_some(["<", "<=", ">", ">="]).into_iter().flatten());
        signs.extend(textual.then_some(" contains "));
        let sign = prop::sample::select(signs);
        let compare =
            (sign, values(field)).prop_map(move |(sign, value)| format!("{field}{sign}{value}"));
        let set = prop::collection::vec(values(field), 1..4)
            .prop_map(move |values| format!("{field} in {{{}}}", values.join(" ,")));
        prop_oneof![compare, set]
    });
    prop_oneof![3 => compare, 1 => "[a-zA-Z0-9:._-]{1,12}", 1 => "\"([ !#-\\[\\]-~]|ä|→){0,9}\""]
}

fn expressions() -> impl Strategy<Value = String> {
    terms().prop_recursive(5, 24, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (several.clone(), prop::sample::select(vec![" ", " and ", "&&", " or ", "||"]))
                .prop_map(|(parts, between)| parts.join(between)),
            inner.clone().prop_map(|part| format!("({part})")),
            inner.clone().prop_map(|part| format!("!{part}")),
            inner.prop_map(|part| format!("not ({part} )")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a filter is printed as means the same.
    #[test]
    fn printed_and_read_again(text in expressions()) {
        let Ok(filter) = rows::filter(&text) else {
            // Words may be dotted fields; nothing else of these texts is wrong.
            return Ok(());
        };
        let printed = filter.to_string();
        let again = rows::filter(&printed).map_err(|error| {
            TestCaseError::fail(format!("{text} → {printed}: {error}"))
        })?;
        prop_assert_eq!(again.expression(), filter.expression(), "{} → {}", text, printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    /// Any text means something, or there is a place in it that is wrong.
    #[test]
    fn any_text(text in "\\PC{0,40}|[a-z=<>!&|(){},\" .0-9]{0,40}") {
        match rows::filter(&text) {
            Ok(filter) => {
                let again = rows::filter(&filter.to_string()).unwrap();
                prop_assert_eq!(again.expression(), filter.expression());
            }
            Err(error) => {
                prop_assert!(!error.message.is_empty());
                prop_assert!(text.get(error.place.clone()).is_some());
            }
        }
    }
}

#[test]
fn nearly_all_generated_texts_are_filters() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let texts = expressions();
    let of = |_| texts.new_tree(&mut runner).unwrap().current();
    let good = (0..200).map(of).filter(|text| rows::filter(text).is_ok()).count();
    assert!(good > 150, "{good}");
}
