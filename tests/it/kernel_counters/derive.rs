//! What a Linux host would have counted in its `MPTcpExt` counters, from a report alone.
//!
//! A rule reads the report as the host would have seen its packets, so it is exact where the capture
//! was made at that host.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::reports::{array, number, text};
use crate::support::runs::Host;

impl Host {
    const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The direction in which it sends.
    const fn sends(self) -> &'static str {
        match self {
            Self::Client => "c2s",
            Self::Server => "s2c",
        }
    }
}

/// The counters for which there is a rule.
pub(crate) const DERIVED: [&str; 43] = [
    "AddAddr",
    "AddAddrTx",
    "Blackhole",
    "DataCsumErr",
    "DssFallback",
    "EchoAdd",
    "EchoAddTx",
    "InfiniteMapRx",
    "InfiniteMapTx",
    "MPCapableACKRX",
    "MPCapableDataFallback",
    "MPCapableEndpAttempt",
    "MPCapableFallbackACK",
    "MPCapableFallbackSYNACK",
    "MPCapableSYNACKRX",
    "MPCapableSYNRX",
    "MPCapableSYNTX",
    "MPCapableSYNTXDrop",
    "MPFailRx",
    "MPFailTx",
    "MPFastcloseRx",
    "MPFastcloseTx",
    "MPJoinAckHMacFailure",
    "MPJoinAckRx",
    "MPJoinNoTokenFound",
    "MPJoinPortAckRx",
    "MPJoinPortSynAckRx",
    "MPJoinPortSynRx",
    "MPJoinRejected",
    "MPJoinSynAckBackupRx",
    "MPJoinSynAckHMacFailure",
    "MPJoinSynAckRx",
    "MPJoinSynBackupRx",
    "MPJoinSynRx",
    "MPJoinSynTx",
    "MPPrioRx",
    "MPPrioTx",
    "MPRstRx",
    "MPRstTx",
    "MismatchPortSynRx",
    "PortAdd",
    "RmAddr",
    "RmAddrTx",
];

/// Counters by name; one that is not there is 0.
pub(crate) type Counters = BTreeMap<&'static str, u64>;

/// What `host` would have counted of the packets that `report` is on.
pub(crate) fn derive(report: &Value, host: Host) -> Counters {
    let mut derivation = Derivation { host, counters: Counters::new() };
    for connection in array(&report["connections"]) {
        derivation.connection(connection);
    }
    for orphan in array(&report["orphan_subflows"]) {
        derivation.orphan(orphan);
    }
    derivation.counters
}

struct Derivation {
    host: Host,
    counters: Counters,
}

impl Derivation {
    fn add(&mut self, counter: &'static str, count: u64) {
        if count > 0 {
            assert!(DERIVED.contains(&counter), "{counter} is not in the list");
            *self.counters.entry(counter).or_default() += count;
        }
    }

    fn add_if(&mut self, counter: &'static str, happened: bool) {
        self.add(counter, u64::from(happened));
    }

    fn is_received(&self, event: &Value) -> bool {
        event["direction"] == self.host.peer().sends()
    }

    fn connection(&mut self, connection: &Value) {
        let initial = &array(&connection["subflows"])[0];
        for subflow in array(&connection["subflows"]) {
            let events: Vec<_> = array(&connection["events"])
                .iter()
                .filter(|event| event["subflow"] == subflow["id"])
                .collect();
            if text(&subflow["opened_by"]) == self.host.name() {
                self.offer(connection, subflow, &events);
                self.join_as_joiner(initial, subflow, &events);
            } else {
                self.offer_received(connection, subflow, &events);
                self.join_as_joinee(initial, subflow, &events);
            }
            self.resets(subflow, &events);
            let checksums = &subflow[self.host.peer().sends()]["checksums"];
            self.add("DataCsumErr", checksums["mismatch"].as_u64().unwrap_or(0));
        }
        for event in array(&connection["events"]) {
            self.signal(connection, event);
        }
        self.fallback(connection);
    }

    /// A join that nobody answered, or whose token nobody knew: it has no events.
    fn orphan(&mut self, subflow: &Value) {
        if text(&subflow["opened_by"]) == self.host.name() {
            self.add("MPJoinSynTx", 1);
            return;
        }
        self.add("MPJoinSynRx", 1);
        self.add_if("MPJoinSynBackupRx", subflow["backup"][self.host.peer().name()] == true);
        self.join_answered_by_reset(subflow);
    }

    /// The initial subflow, opened by this host. Repetitions of a SYN do not count.
    fn offer(&mut self, connection: &Value, subflow: &Value, events: &[&Value]) {
        if !events.iter().any(|event| is_capable_syn(event)) {
            return;
        }
        let answered = events.iter().any(|event| is_capable_syn_ack(event));
        let cause = &connection["fallback"]["cause"];
        let blackholed = cause == "syn_with_mp_capable_unanswered";
        let refused = cause == "syn_ack_without_mp_capable" && !subflow["reset"].is_object();
        self.add("MPCapableSYNTX", 1);
        self.add_if("MPCapableSYNACKRX", answered);
        self.add_if("MPCapableFallbackSYNACK", refused);
        self.add_if("MPCapableSYNTXDrop", blackholed);
        self.add_if("Blackhole", blackholed);
    }

    /// The initial subflow, opened by the peer.
    fn offer_received(&mut self, connection: &Value, subflow: &Value, events: &[&Value]) {
        if !events.iter().any(|event| is_capable_syn(event)) {
            return;
        }
        let answered = events.iter().any(|event| is_capable_syn_ack(event));
        let fell_back = connection["fallback"]["cause"] == "ack_without_mp_capable";
        let opened = subflow["state"] != "half_open" && subflow["state"] != "refused";
        self.add("MPCapableSYNRX", 1);
        self.add_if("MPCapableEndpAttempt", self.reset_reason_for_syn(subflow) == Some(3));
        self.add_if("MPCapableFallbackACK", answered && fell_back);
        // Counted when the application accepts it; all of ours do.
        self.add_if("MPCapableACKRX", answered && opened && !fell_back);
    }

    fn join_as_joiner(&mut self, initial: &Value, subflow: &Value, events: &[&Value]) {
        if !events.iter().any(|event| is_join(event, "syn")) {
            return;
        }
        let verdict = &subflow["hmac"]["syn_ack"];
        let valid = verdict == "verified";
        let backup = events.iter().any(|e| is_join(e, "syn_ack") && e["backup"] == true);
        self.add("MPJoinSynTx", 1);
        self.add_if("MPJoinSynAckRx", valid);
        self.add_if("MPJoinSynAckBackupRx", valid && backup);
        self.add_if("MPJoinSynAckHMacFailure", verdict == "mismatch");
        let port = |subflow: &Value| subflow[self.host.peer().name()]["port"].clone();
        self.add_if("MPJoinPortSynAckRx", valid && port(subflow) != port(initial));
    }

    fn join_as_joinee(&mut self, initial: &Value, subflow: &Value, events: &[&Value]) {
        let Some(syn) = events.iter().find(|event| is_join(event, "syn")) else {
            return;
        };
        self.add("MPJoinSynRx", 1);
        self.add_if("MPJoinSynBackupRx", syn["backup"] == true);
        self.join_answered_by_reset(subflow);
        let verdict = &subflow["hmac"]["ack"];
        let reset = &subflow["reset"];
        let is_refused = subflow["state"] == "refused" && reset["from"] == self.host.name();
        let is_rejected = verdict == "verified" && is_refused && reset["reason"] == 3;
        let is_attached = verdict == "verified" && !is_rejected;
        self.add_if("MPJoinAckHMacFailure", verdict == "mismatch");
        self.add_if("MPJoinRejected", is_rejected);
        self.add_if("MPJoinAckRx", is_attached);
        let own = self.host.name();
        let is_other_port = subflow[own]["port"] != initial[own]["port"];
        let has_syn_ack = !subflow["handshake"]["syn_ack"].is_null();
        self.add_if("MPJoinPortSynRx", is_other_port && has_syn_ack);
        self.add_if("MPJoinPortAckRx", is_other_port && is_attached);
    }

    fn join_answered_by_reset(&mut self, subflow: &Value) {
        let reason = self.reset_reason_for_syn(subflow);
        self.add_if("MPJoinNoTokenFound", reason == Some(1));
        self.add_if("MismatchPortSynRx", reason == Some(3));
    }

    /// The reason in the RST with which this host answered the SYN.
    fn reset_reason_for_syn(&self, subflow: &Value) -> Option<u64> {
        let (reset, handshake) = (&subflow["reset"], &subflow["handshake"]);
        let to_syn = reset["from"] == self.host.name() && handshake["syn_ack"].is_null();
        reset["reason"].as_u64().filter(|_| to_syn)
    }

    /// MP_TCPRST and MP_FASTCLOSE count where an established socket sends or gets them:
    /// - a RST without ACK, and one to a SYN, is sent on behalf of no socket, or of a request;
    /// - a RST to a join that never got through ends it before its options are looked at;
    /// - whoever sent a RST has no socket any more that could get one. So the first MP_FASTCLOSE may
    ///   cost the host its other subflows before the next one comes.
    fn resets(&mut self, subflow: &Value, events: &[&Value]) {
        let opened_by_peer = text(&subflow["opened_by"]) != self.host.name();
        let is_open = !opened_by_peer || !subflow["handshake"]["syn_ack"].is_null();
        let mut is_gone = false;
        for event in events {
            let received = self.is_received(event);
            match text(&event["kind"]) {
                "MP_TCPRST" if received => {
                    self.add_if("MPRstRx", !is_gone && subflow["state"] != "refused");
                }
                "MP_TCPRST" => {
                    let with_ack = events.iter().any(|other| {
                        other["kind"] == "RST"
                            && other["packet"] == event["packet"]
                            && other["ack"] == true
                    });
                    self.add_if("MPRstTx", with_ack && is_open);
                }
                "MP_FASTCLOSE" if received => self.add_if("MPFastcloseRx", !is_gone),
                "MP_FASTCLOSE" => self.add("MPFastcloseTx", 1),
                "RST" => is_gone = true,
                _ => {}
            }
        }
    }

    fn signal(&mut self, connection: &Value, event: &Value) {
        let received = self.is_received(event);
        match text(&event["kind"]) {
            "ADD_ADDR" => self.add_addr(connection, event, received),
            "REMOVE_ADDR" => {
                // They count address IDs, not options.
                let ids = array(&event["address_ids"]).len() as u64;
                self.add(if received { "RmAddr" } else { "RmAddrTx" }, ids);
            }
            "MP_PRIO" => self.add(if received { "MPPrioRx" } else { "MPPrioTx" }, 1),
            "MP_FAIL" => self.add(if received { "MPFailRx" } else { "MPFailTx" }, 1),
            _ => {}
        }
    }

    fn add_addr(&mut self, connection: &Value, event: &Value, received: bool) {
        match (event["echo"] == true, received) {
            (true, true) => self.add("EchoAdd", 1),
            (true, false) => self.add("EchoAddTx", 1),
            (false, true) => self.add_if("AddAddr", is_proved(connection, event)),
            (false, false) => self.add("AddAddrTx", 1),
        }
        // Who announced a port gets it back in the echo, and counts that too.
        self.add_if("PortAdd", received && !event["port"].is_null());
    }

    fn fallback(&mut self, connection: &Value) {
        let infinite = |event: &&Value| event["kind"] == "DSS" && event["length"] == "infinite";
        let events = array(&connection["events"]).iter();
        let infinite: Vec<_> = events.filter(infinite).collect();
        let infinite_received = infinite.iter().any(|event| self.is_received(event));
        let infinite_sent = infinite.iter().any(|event| !self.is_received(event));
        self.add_if("InfiniteMapRx", infinite_received);
        self.add_if("InfiniteMapTx", infinite_sent);
        let established = match connection["fallback"]["cause"].as_str() {
            Some("infinite_mapping") => infinite_received,
            Some("data_without_mapping" | "answer_without_dss" | "checksum_failed") => true,
            // The server is plain TCP at once; the client learns of it by the first answer.
            Some("ack_without_mp_capable") => self.host == Host::Client,
            _ => false,
        };
        // The client waits for the first DSS of the server to believe that both speak MPTCP.
        let mut events = array(&connection["events"]).iter();
        let got_dss = events.any(|event| event["kind"] == "DSS" && self.is_received(event));
        let was_waiting = self.host == Host::Client && !got_dss;
        self.add_if("DssFallback", established && !was_waiting);
        self.add_if("MPCapableDataFallback", established && was_waiting);
    }
}

fn is_capable_syn(event: &Value) -> bool {
    event["kind"] == "MP_CAPABLE" && event["option_len"] == 4
}

fn is_capable_syn_ack(event: &Value) -> bool {
    event["kind"] == "MP_CAPABLE" && event["option_len"] == 12
}

fn is_join(event: &Value, form: &str) -> bool {
    event["kind"] == "MP_JOIN" && event["form"] == form
}

/// Whether the HMAC of an announcement is right.
fn is_proved(connection: &Value, event: &Value) -> bool {
    let packet = number(&event["packet"]);
    let mut addresses = array(&connection["addresses"]).iter();
    addresses.any(|address| {
        address["address_id"] == event["address_id"]
            && array(&address["announced"]).iter().any(|announced| number(announced) == packet)
            && address["hmac"] == "verified"
    })
}
