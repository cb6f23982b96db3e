//! How the data of the busier direction is spread over the paths: by where it arrived, if the capture
//! shows that, else by where it was sent first.

use super::paths::path;
use crate::analyze::context::ConnectionContext;
use crate::analyze::words::{capitalised, host};
use crate::track::delivery::Delivered;
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::units;

/// The shares of `used`, which are subflows of the connection.
pub(super) fn shares(context: &ConnectionContext<'_>, used: &[&Subflow]) -> String {
    let sent = |role: Role| used.iter().map(|subflow| new_data(subflow, role)).sum();
    let totals: [u64; 2] = Role::BOTH.map(sent);
    let (role, total) = match totals {
        [0, 0] => return "No data was sent.".to_owned(),
        [client, server] if client > server => (Role::Client, client),
        [_, server] => (Role::Server, server),
    };
    let delivered = context.connection.delivered(&context.subflows, role);
    let all = context.subflows.iter().zip(delivered);
    let is_used = |subflow: &Subflow| used.iter().any(|other| other.number == subflow.number);
    let arrived = all.filter(|(subflow, _)| is_used(subflow)).map(|(_, delivered)| delivered);
    match arrived.collect::<Option<Vec<_>>>() {
        Some(arrived) => by_arrival(used, &arrived, role, total),
        None => by_sending(used, role, total),
    }
}

/// Where bytes arrived, of `sent` bytes.
fn by_arrival(used: &[&Subflow], arrived: &[Delivered], role: Role, sent: u64) -> String {
    let unclear: u64 = arrived.iter().map(|one| one.unclear).sum();
    let all = arrived.iter().map(|one| one.bytes).sum::<u64>() + unclear;
    let who = host(role);
    if all == 0 {
        let sent = units::bytes(sent);
        return format!("{} sent {sent}. None of it was acknowledged.", capitalised(who));
    }
    let data = if all >= sent {
        format!("{} sent {}", capitalised(who), units::bytes(all))
    } else {
        format!("{} from {who} arrived", units::bytes(all))
    };
    let first = arrived.first().map_or(0, |one| one.bytes);
    let mut sentences = vec![parts(used, &data, first, all - unclear - first, all)];
    if let Some(share) = units::percentage(unclear, all).filter(|_| unclear > 0) {
        sentences
            .push(format!("For {share} of it, the capture does not show which path delivered it."));
    }
    if let Some(place) = used.iter().position(|subflow| is_lost(subflow, role)) {
        let bytes = used.get(place).map_or(0, |subflow| subflow.sides.of(role).bytes.payload);
        let (bytes, path) = (units::bytes(bytes), path(used, place));
        sentences.push(format!("None of the {bytes} sent over {path} was acknowledged there."));
    }
    sentences.join(" ")
}

/// Where bytes were sent first: the capture does not show what arrived.
fn by_sending(used: &[&Subflow], role: Role, total: u64) -> String {
    let data = format!("{} sent {}", capitalised(host(role)), units::bytes(total));
    let first = used.first().map_or(0, |subflow| new_data(subflow, role));
    parts(used, &data, first, total - first, total)
}

/// Which part of all the `data` the first path and the others have.
fn parts(used: &[&Subflow], data: &str, first: u64, others: u64, all: u64) -> String {
    let rest = match used.len() {
        2 => path(used, 1),
        _ => "the others".to_owned(),
    };
    match units::percentage(others, all) {
        _ if first == all => format!("{data}, all of it over {}.", path(used, 0)),
        _ if others == all => format!("{data}, all of it over {rest}."),
        Some(share) => format!("{data}; {share} of it went over {rest}."),
        None => format!("{data}."),
    }
}

fn new_data(subflow: &Subflow, role: Role) -> u64 {
    subflow.sides.of(role).bytes.new_data
}

/// Whether payload was sent on it, and not a byte of that was acknowledged.
fn is_lost(subflow: &Subflow, role: Role) -> bool {
    let side = subflow.sides.of(role);
    side.bytes.payload > 0 && side.acked <= 1 && !subflow.is_midstream()
}
