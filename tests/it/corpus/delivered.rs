//! The captures at both ends of a connection say alike on which subflow its bytes arrived.

use std::collections::HashMap;
use std::path::Path;

use mptcpscope::internals::report::model::{Connection, Subflow, SubflowDirection};

use super::lab;
use crate::support::corpus::corpus;
use crate::support::subject::Subject;

/// What arrived on one subflow in one direction, by its ports: each host may know other addresses.
type Arrived = HashMap<(u16, u16), Option<(u64, u64)>>;

#[test]
#[ignore = "needs the corpus of captures"]
fn both_ends_agree_on_what_arrived_where() {
    let corpus = corpus();
    let mut compared = 0;
    let mut differing = Vec::new();
    for pair in lab(&corpus).chunks(2) {
        let [(scenario, client), (_, server)] = pair else { continue };
        let (Some(client), Some(server)) = (connections(client), connections(server)) else {
            continue;
        };
        for connection in &client {
            let is_same = |other: &&Connection| {
                connection.client.token.is_some() && connection.client.token == other.client.token
            };
            let Some(other) = server.iter().find(is_same) else { continue };
            let is_whole = |connection: &Connection| {
                connection.c2s.missing_bytes == 0 && connection.s2c.missing_bytes == 0
            };
            if !(is_whole(connection) && is_whole(other)) {
                continue;
            }
            for (name, from) in directions() {
                compared += 1;
                differing.extend(
                    difference(connection, other, from)
                        .map(|why| format!("{scenario} {name}: {why}")),
                );
            }
        }
    }
    assert!(compared > 100, "{compared} directions are compared");
    assert!(differing.is_empty(), "{} of {compared}:\n{}", differing.len(), differing.join("\n"));
}

type Of = fn(&Subflow) -> &SubflowDirection;

fn directions() -> [(&'static str, Of); 2] {
    [("c2s", |subflow| &subflow.c2s), ("s2c", |subflow| &subflow.s2c)]
}

fn connections(capture: &Path) -> Option<Vec<Connection>> {
    Some(Subject::read(capture)?.report().connections)
}

/// What both say differently, if that is more than 1 % of the stream and what is unclear.
fn difference(client: &Connection, server: &Connection, of: Of) -> Option<String> {
    let [one, other] = [client, server].map(|connection| arrived(connection, of));
    let stream = |connection: &Connection| {
        connection.subflows.iter().map(|subflow| of(subflow).new_data_bytes).sum::<u64>()
    };
    let unclear =
        |arrived: &Arrived| arrived.values().flatten().map(|(_, unclear)| unclear).sum::<u64>();
    let allowed = stream(client).max(stream(server)) / 100 + unclear(&one) + unclear(&other);
    for (ports, here) in &one {
        let (Some((here, _)), Some(Some((there, _)))) = (here, other.get(ports)) else { continue };
        if here.abs_diff(*there) > allowed {
            return Some(format!("{ports:?}: {one:?} at the client, {other:?} at the server"));
        }
    }
    None
}

fn arrived(connection: &Connection, of: Of) -> Arrived {
    let subflows = connection.subflows.iter().map(|subflow| {
        let direction = of(subflow);
        let both = direction.delivered_bytes.zip(direction.delivered_unclear_bytes);
        ((subflow.client.port, subflow.server.port), both)
    });
    subflows.collect()
}
