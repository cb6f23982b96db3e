//! Why an interface cannot be captured on.

/// An interface that cannot be opened. Each message is one sentence for the user.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LiveError {
    /// No such interface.
    #[error("{interface}: there is no such interface: see mptcpscope live --list-interfaces")]
    Missing {
        /// Its name.
        interface: String,
    },
    /// It is down.
    #[error("{interface} is down: bring it up first (ip link set {interface} up)")]
    Down {
        /// Its name.
        interface: String,
    },
    /// This user may not capture.
    #[error("{interface}: capturing is not permitted")]
    Permission {
        /// Its name.
        interface: String,
    },
    /// Anything else that libpcap says.
    #[error("{interface} cannot be opened ({reason}): see mptcpscope live --list-interfaces")]
    Failed {
        /// Its name.
        interface: String,
        /// What libpcap says.
        reason: String,
    },
    /// The filter is wrong.
    #[error("the filter \"{filter}\" is wrong ({reason}): see pcap-filter(7)")]
    Filter {
        /// The filter.
        filter: String,
        /// What libpcap says.
        reason: String,
    },
    /// The interfaces cannot be listed.
    #[error("the interfaces cannot be listed ({0})")]
    List(String),
}

impl LiveError {
    /// libpcap has codes for these, but hands out its words alone.
    pub(super) fn open(interface: &str, error: &pcap::Error) -> Self {
        let interface = interface.to_owned();
        let reason = reason(error);
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        if says(&["ermission", "not permitted", "CAP_NET"]) {
            Self::Permission { interface }
        } else if says(&["No such device"]) {
            Self::Missing { interface }
        } else if says(&["is not up", "Network is down"]) {
            Self::Down { interface }
        } else {
            Self::Failed { interface, reason }
        }
    }

    pub(super) fn filter(filter: &str, error: &pcap::Error) -> Self {
        let reason = reason(error);
        let reason = reason.trim_start_matches("can't parse filter expression: ").to_owned();
        Self::Filter { filter: filter.to_owned(), reason }
    }
}

fn reason(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(reason) => reason.clone(),
        other => other.to_string(),
    }
}
