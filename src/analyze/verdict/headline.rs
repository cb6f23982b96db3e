//! The verdict for a reader of nothing else: what is broken, how many paths carried what, why there was
//! only one, and what else went wrong.

use super::{failure, fell_back, path, paths, shares};
use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::{announced, is_backup, payload, stream_bytes};
use crate::analyze::explain;
use crate::analyze::finding::{Code, Finding, Severity};
use crate::analyze::rules::single_path::why_single;
use crate::analyze::state::ConnectionState;
use crate::analyze::words::{capitalised, host};
use crate::track::subflow::Subflow;
use crate::units;

/// Most errors, and most other troubles, that are named. The findings have all of them.
const MOST: usize = 2;

/// Fewer bytes than this take one path, however many there are.
const LITTLE: u64 = 100_000;

/// The verdict on a connection with these findings; `None` where the connection was never established, and
/// findings add nothing to the plain verdict.
pub(crate) fn with_findings(context: &ConnectionContext<'_>, found: &[Finding]) -> Option<String> {
    let outcome = match context.connection.fallback {
        Some(_) if found.iter().any(|finding| finding.code == Code::MpCapableMirrored) => {
            "MPTCP was offered, and the SYN/ACK sent the client's own option back: this is plain TCP."
                .to_owned()
        }
        Some(fallback) => fell_back(fallback),
        None => match context.state {
            ConnectionState::Refused | ConnectionState::Handshaking | ConnectionState::Unknown => {
                return None;
            }
            _ => worked(context, found)?,
        },
    };
    let mut sentences = errors(found);
    sentences.push(outcome);
    Some(sentences.join(" "))
}

/// What does not work, or damages data: the first sentence of what `explain` says.
fn errors(found: &[Finding]) -> Vec<String> {
    let mut codes: Vec<Code> = Vec::new();
    let causes = found.iter().filter(|finding| finding.because.is_none());
    for finding in causes.filter(|finding| finding.severity == Severity::Error) {
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    codes.into_iter().take(MOST).map(|code| explain::headline(code).to_owned()).collect()
}

/// How MPTCP worked: how many paths carried what, then what went wrong, a sentence each.
fn worked(context: &ConnectionContext<'_>, found: &[Finding]) -> Option<String> {
    let through: Vec<_> = context.subflows.iter().copied().filter(|s| s.is_confirmed()).collect();
    let used: Vec<_> = through.iter().copied().filter(|s| payload(s) > 0).collect();
    let missing = missing(found);
    let outcome = match (through.as_slice(), used.as_slice()) {
        _ if missing > 0 && used.len() <= 1 => {
            let bytes = units::bytes(missing);
            format!("MPTCP worked. The capture shows one path; {bytes} used others.")
        }
        ([] | [_], _) => one_path(context, found)?,
        (all, []) => format!("MPTCP set up {}. No data was sent.", paths(all)),
        (all, [only]) => unused(context, all, only),
        (all, _) => format!("MPTCP worked on {}. {}", paths(all), shares(all)),
    };
    let others = if through.len() > 1 { others(context, found) } else { Vec::new() };
    let troubles = found.iter().filter(|finding| finding.because.is_none()).filter_map(trouble);
    let more = others.into_iter().chain(troubles).take(MOST);
    Some(std::iter::once(outcome).chain(more).collect::<Vec<_>>().join(" "))
}

/// Bytes that took a path which is not in the capture.
fn missing(found: &[Finding]) -> u64 {
    let of_paths = found.iter().filter(|finding| finding.code == Code::CaptureMissingPath);
    of_paths.filter_map(|finding| finding.number("bytes")).sum()
}

/// One path was established: why no other was.
fn one_path(context: &ConnectionContext<'_>, found: &[Finding]) -> Option<String> {
    // Without the beginning, the plain verdict has to do.
    context.initial()?;
    let bytes = stream_bytes(context);
    let data = match bytes {
        0 => " and no data was sent".to_owned(),
        _ => format!(" for all {}", units::bytes(bytes)),
    };
    Some(format!("MPTCP used one path{data}: {}.", why_one(context, found)))
}

fn why_one(context: &ConnectionContext<'_>, found: &[Finding]) -> String {
    if let Some(why) = why_single(context, found) {
        return why;
    }
    let failed: Vec<_> = context.joins().filter(|join| !join.is_confirmed()).collect();
    let announced = announced(context).next().is_some();
    match failed.as_slice() {
        [] if announced => "an address was announced and never joined".to_owned(),
        [] => "no join is in the capture".to_owned(),
        [only] => format!("the join of a second was {}", failure(only)),
        all => format!("none of {} joins got through", units::count(all.len() as u64)),
    }
}

/// Several paths were established, and one carried everything.
fn unused(context: &ConnectionContext<'_>, all: &[&Subflow], used: &Subflow) -> String {
    let others = all.iter().filter(|subflow| subflow.number != used.number);
    let is_backup = others.clone().all(|subflow| is_backup(subflow));
    let bytes = stream_bytes(context);
    let data = units::bytes(bytes);
    let place = all.iter().position(|subflow| subflow.number == used.number).unwrap_or(0);
    let which = match place {
        0 => "the first".to_owned(),
        _ => path(all, place),
    };
    let why = match (all.len(), bytes) {
        (2, _) if is_backup => ". The other one is a backup.",
        (_, _) if is_backup => ". The others are backups.",
        (_, ..LITTLE) => "; normal for such a short transfer.",
        (2, _) => ". The other one was never used.",
        _ => ". The others were never used.",
    };
    format!("MPTCP set up {}. All {data} used {which}{why}", paths(all))
}

/// Paths that failed beside others that were established.
fn others(context: &ConnectionContext<'_>, found: &[Finding]) -> Vec<String> {
    let joins = context.joins().count();
    let failed = context.joins().filter(|join| !join.is_confirmed()).count();
    let mut sentences = Vec::new();
    if failed > 0 {
        let (failed, joins) = (units::count(failed as u64), units::count(joins as u64));
        sentences.push(format!("{failed} of {joins} joins failed."));
    }
    let of_code = |code: Code| found.iter().filter(move |finding| finding.code == code);
    let addresses = [
        (Code::AddAddrNotUsed, "announced and never used"),
        (Code::AddAddrNotEchoed, "announced and never echoed"),
        (Code::AddAddrNoSpace, "probably not announced: no room for the option"),
    ];
    for (code, what) in addresses {
        // An address that was joined needed no echo.
        let all: Vec<_> = of_code(code).filter(|one| one.number("joined") != Some(1)).collect();
        sentences.push(match all.as_slice() {
            [] => continue,
            [only] => {
                let why = only.text("why").map(|why| format!(": {why}")).unwrap_or_default();
                format!("One address was {what}{why}.")
            }
            several => format!("{} addresses were {what}.", several.len()),
        });
    }
    sentences
}

/// Any other trouble than a failed path.
fn trouble(finding: &Finding) -> Option<String> {
    if finding.severity != Severity::Warning {
        return None;
    }
    let from = finding.direction.map(|direction| capitalised(host(direction.sender())));
    Some(match finding.code {
        Code::DataStall => {
            let ns = i64::try_from(finding.number("duration_ns")?).ok()?;
            format!("The transfer stalled for {}.", units::duration(ns))
        }
        Code::SubflowReset => format!("{} reset a subflow with data in flight.", from?),
        Code::FastClose => format!("{} aborted the connection before all data arrived.", from?),
        Code::ConnectionAborted => "The connection was cut off before it was closed.".to_owned(),
        Code::HeadOfLineBlocking => {
            "The receiver waited long for data from another path.".to_owned()
        }
        Code::Reinjection => "Much of the data was sent twice.".to_owned(),
        _ => return None,
    })
}
