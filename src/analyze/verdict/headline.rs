//! The verdict for a reader of nothing else: what is broken, how many paths carried what, why there was
//! only one, and what else went wrong.

use super::paths::{path, paths};
use super::shares::shares;
use super::{failure, fell_back};
use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::{announced, is_backup, payload, stream_bytes};
use crate::analyze::explain;
use crate::analyze::finding::{Code, Finding, Severity};
use crate::analyze::rules::single_path::why_single;
use crate::analyze::state::ConnectionState;
use crate::analyze::words::{capitalised, host};
use crate::track::role::Role;
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
    sentences.extend(killed(found));
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

/// How a connection ended with data outstanding, in a sentence.
fn killed(found: &[Finding]) -> Option<String> {
    let warning = |code: Code| {
        let all = found.iter().filter(move |finding| finding.code == code);
        all.filter(|finding| finding.severity == Severity::Warning)
    };
    let hung = warning(Code::DataStall).filter(|stall| stall.text("ended_by") != Some("progress"));
    let longest = hung.max_by_key(|stall| stall.number("duration_ns"));
    let lasted = longest.and_then(duration_of);
    if let Some(close) = warning(Code::FastClose).next() {
        let who = host(close.direction?.sender());
        return Some(match lasted {
            Some(lasted) => format!("The transfer hung for {lasted}, until {who} aborted it."),
            None => format!("{} aborted the connection before all data arrived.", capitalised(who)),
        });
    }
    if warning(Code::ConnectionAborted).next().is_some() {
        return Some(match warning(Code::ResetForged).next() {
            Some(_) => "A middlebox killed the connection with forged RSTs.".to_owned(),
            None => "The connection was killed by a RST before it was closed.".to_owned(),
        });
    }
    let lasted = lasted?;
    Some(match longest?.text("ended_by") {
        Some("close") => {
            format!("The transfer hung for {lasted}, until the connection was closed.")
        }
        Some("now") => format!("The transfer hangs, for {lasted} so far."),
        _ => format!("The transfer hung for {lasted}, until the end of the capture."),
    })
}

/// How long a stall lasted.
fn duration_of(stall: &Finding) -> Option<String> {
    let ns = i64::try_from(stall.number("duration_ns")?).ok()?;
    Some(units::duration(ns))
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
        (all, _) if is_useless(found, all) => delivered_nothing(context, found, all),
        (all, [only]) => unused(context, all, only),
        (all, _) => format!("MPTCP worked on {}. {}", paths(all), shares(context, all)),
    };
    let others = if through.len() > 1 { others(context, found) } else { Vec::new() };
    let troubles = found.iter().filter(|finding| finding.because.is_none()).filter_map(trouble);
    let mut sentences = vec![outcome];
    for sentence in others.into_iter().chain(troubles) {
        if sentences.len() <= MOST && !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    Some(sentences.join(" "))
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

/// Why nothing that counts got through on a subflow, if nothing did.
fn useless(found: &[Finding], subflow: &Subflow) -> Option<&'static str> {
    let own = found.iter().filter(|finding| finding.subflow == Some(subflow.number));
    let mut nothing = own.filter(|finding| finding.number("delivered") == Some(0));
    nothing.find_map(|finding| match finding.code {
        Code::PathDied => Some("it died"),
        Code::SubflowWithoutMptcp => Some("its MPTCP options are lost on the way"),
        _ => None,
    })
}

/// Whether one of several subflows delivered nothing.
fn is_useless(found: &[Finding], all: &[&Subflow]) -> bool {
    all.iter().any(|subflow| useless(found, subflow).is_some())
}

/// Several paths were established, and some of them delivered nothing.
fn delivered_nothing(
    context: &ConnectionContext<'_>,
    found: &[Finding],
    all: &[&Subflow],
) -> String {
    let first = all.iter().position(|subflow| useless(found, subflow).is_some()).unwrap_or(0);
    let why = all.get(first).and_then(|subflow| useless(found, subflow)).unwrap_or_default();
    let which = match first {
        0 => "the first".to_owned(),
        _ => path(all, first),
    };
    let good = all.iter().filter(|subflow| useless(found, subflow).is_none()).count();
    let data = units::bytes(stream_bytes(context));
    let rest = match good {
        0 => String::new(),
        1 => format!(" All {data} used the other one."),
        _ => format!(" All {data} used the others."),
    };
    format!("MPTCP set up {}, and {which} delivered nothing: {why}.{rest}", paths(all))
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
        // What was lost on its way to the receiver does not show there.
        _ if !is_near_sender(context) => ". Nothing came on another.",
        (2, _) => ". The other one was never used.",
        _ => ". The others were never used.",
    };
    format!("MPTCP set up {}. All {data} used {which}{why}", paths(all))
}

/// Whether the capture was taken near the host that sent most.
fn is_near_sender(context: &ConnectionContext<'_>) -> bool {
    let sent = |role: Role| context.subflows.iter().map(|s| s.sides.of(role).bytes.payload).sum();
    let [client, server]: [u64; 2] = Role::BOTH.map(sent);
    let sender = if client > server { Role::Client } else { Role::Server };
    context.subflows.iter().any(|subflow| subflow.is_captured_near(sender))
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
        // How a connection was killed stands at the beginning.
        Code::DataStall if finding.text("ended_by") == Some("progress") => {
            format!("The transfer stalled for {}.", duration_of(finding)?)
        }
        Code::SubflowReset => format!("{} reset a subflow with data in flight.", from?),
        Code::ResetForged => "A middlebox reset a subflow in a host's name.".to_owned(),
        Code::NatRebinding => "A NAT forgot a subflow.".to_owned(),
        Code::PathDied if finding.number("delivered") == Some(1) => {
            format!("The path of subflow {} died.", finding.subflow?)
        }
        Code::SubflowWithoutMptcp if finding.number("delivered") == Some(1) => {
            format!("MPTCP options of {} are lost on the way.", host(finding.direction?.sender()))
        }
        Code::HeadOfLineBlocking => {
            "The receiver waited long for data from another path.".to_owned()
        }
        Code::Reinjection => "Much of the data was sent twice.".to_owned(),
        _ => return None,
    })
}
