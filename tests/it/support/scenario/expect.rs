//! What a scenario expects of the JSON report, and how that is compared.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use mptcpscope::internals::analyze::finding::{Code, Scope};
use serde_json::Value;
use toml::Value as Wanted;

/// Whether `report` has at `path` what is wanted. `events.length` is how many there are; a path
/// that does not begin with a key of the report is one of its first connection.
pub(crate) fn compare(report: &Value, path: &str, wanted: &Wanted) -> Result<()> {
    let top = path.split(['.', '[']).next().unwrap_or_default();
    let root = if report.get(top).is_some() { report } else { &report["connections"][0] };
    let found = at(root, path)?;
    difference(&found, wanted).map_or(Ok(()), |difference| bail!("{path}: {difference}"))
}

/// What stands at `path`: keys with points between them, indices in brackets.
pub(crate) fn at(root: &Value, path: &str) -> Result<Value> {
    let mut found = root.clone();
    for step in path.split('.') {
        let mut parts = step.split('[');
        let key = parts.next().unwrap_or_default();
        found = match (&found, key) {
            (Value::Array(all), "length") => Value::from(all.len()),
            _ => found.get(key).with_context(|| format!("{path}: there is no '{key}'"))?.clone(),
        };
        for index in parts {
            let index: usize = index.trim_end_matches(']').parse().context("no index")?;
            found = found.get(index).with_context(|| format!("{path}: no [{index}]"))?.clone();
        }
    }
    Ok(found)
}

/// How `found` differs from what is wanted: a table wants some keys, a list all its entries, and
/// the text "null" null.
fn difference(found: &Value, wanted: &Wanted) -> Option<String> {
    let equal = match (found, wanted) {
        (Value::Null, Wanted::String(text)) => text == "null",
        (Value::String(found), Wanted::String(text)) => found == text,
        (Value::Bool(found), Wanted::Boolean(flag)) => found == flag,
        (Value::Number(found), Wanted::Integer(number)) => found.as_i64() == Some(*number),
        (Value::Array(found), Wanted::Array(entries)) if found.len() == entries.len() => {
            return found.iter().zip(entries).find_map(|(found, entry)| difference(found, entry));
        }
        (Value::Object(found), Wanted::Table(table)) => {
            return table.iter().find_map(|(key, wanted)| match found.get(key) {
                Some(found) => difference(found, wanted).map(|text| format!("{key}: {text}")),
                None => Some(format!("there is no '{key}'")),
            });
        }
        _ => false,
    };
    (!equal).then(|| format!("is {found}, and should be {wanted}"))
}

/// How many events of `kind` there are in all connections.
pub(crate) fn count_events(report: &Value, kind: &str) -> usize {
    let connections = report["connections"].as_array().into_iter().flatten();
    let events = connections.filter_map(|connection| connection["events"].as_array()).flatten();
    events.filter(|event| event["kind"] == kind).count()
}

/// The kinds of events: everything else is a typo.
pub(crate) fn check_kind(kind: &str) -> Result<()> {
    const KINDS: &str = "MP_CAPABLE MP_JOIN DSS ADD_ADDR REMOVE_ADDR MP_PRIO MP_FAIL MP_FASTCLOSE \
        MP_TCPRST MP_EXPERIMENTAL UNKNOWN MALFORMED SYN FIRST_DATA DATA_FIN FIN RST FALLBACK \
        ICMP";
    ensure!(KINDS.split_whitespace().any(|known| known == kind), "no event is called '{kind}'");
    Ok(())
}

/// Whether there is a finding with all that is wanted of it.
pub(crate) fn find_finding(report: &Value, wanted: &BTreeMap<String, Wanted>) -> Result<()> {
    let code = wanted.get("code").and_then(Wanted::as_str).context("a finding has a code")?;
    check_code(code)?;
    let findings = report["findings"].as_array().into_iter().flatten();
    let of_code: Vec<_> = findings.filter(|finding| finding["code"] == code).collect();
    ensure!(!of_code.is_empty(), "there is no finding {code}");
    let table = Wanted::Table(wanted.clone().into_iter().collect());
    let differences = of_code.iter().map(|finding| difference(finding, &table));
    let mut differences: Vec<_> = differences.collect::<Option<_>>().unwrap_or_default();
    differences.pop().map_or(Ok(()), |difference| bail!("{code}: {difference}"))
}

/// Whether no finding has that code.
pub(crate) fn check_silent(report: &Value, code: &str) -> Result<()> {
    check_code(code)?;
    let mut findings = report["findings"].as_array().into_iter().flatten();
    let found = findings.find(|finding| finding["code"] == code);
    ensure!(found.is_none(), "{code} is raised: {}", found.unwrap_or(&Value::Null)["summary"]);
    Ok(())
}

/// Whether findings name a subflow only if they are about one.
pub(crate) fn check_scopes(report: &Value) -> Result<()> {
    for finding in report["findings"].as_array().into_iter().flatten() {
        let code: Code = finding["code"].as_str().context("a finding has a code")?.parse()?;
        let is_named = !finding["subflow"].is_null();
        ensure!(!is_named || code.info().scope != Scope::Connection, "{code} names a subflow");
    }
    Ok(())
}

/// Codes that do not exist are typos.
fn check_code(code: &str) -> Result<()> {
    ensure!(code.parse::<Code>().is_ok(), "no finding is called '{code}'");
    Ok(())
}
