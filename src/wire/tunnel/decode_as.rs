//! Which UDP ports are tunnels beside those that everybody uses: `udp.port==5555,vxlan`, as tshark's
//! option `-d` has it.

use std::fmt;
use std::str::FromStr;

use super::over_udp::UdpTunnel;

/// The names that a rule may have, which are tshark's, and what each stands for.
const NAMES: &[(&str, UdpTunnel, &str)] = &[
    ("vxlan", UdpTunnel::Vxlan, "VXLAN (ports 4789 and 8472 anyway)"),
    ("vxlan-gpe", UdpTunnel::VxlanGpe, "VXLAN with a next protocol (4790)"),
    ("geneve", UdpTunnel::Geneve, "Geneve (6081)"),
    ("gtp", UdpTunnel::GtpU, "GTP-U (2152)"),
    ("l2tp", UdpTunnel::L2tp, "L2TPv2 (1701)"),
    ("teredo", UdpTunnel::Teredo, "Teredo (3544)"),
    ("mpls", UdpTunnel::Mpls, "MPLS (6635)"),
    ("gre", UdpTunnel::Gre, "GRE in UDP"),
];

/// All rules of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecodeAs(Vec<Rule>);

impl DecodeAs {
    /// These rules.
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// What may be tried for a port: what the rules say, or else what everybody uses it for.
    pub(in crate::layers::wire) fn tunnel(&self, port: u16) -> Option<UdpTunnel> {
        let rule = self.0.iter().find(|rule| (rule.first..=rule.last).contains(&port));
        rule.map(|rule| rule.tunnel).or_else(|| UdpTunnel::of_port(port))
    }

    /// Names and what they stand for.
    pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
        NAMES.iter().map(|(name, _, what)| (*name, *what))
    }
}

/// That some ports are a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    first: u16,
    last: u16,
    tunnel: UdpTunnel,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeAsError(String);

impl fmt::Display for DecodeAsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for DecodeAsError {}

impl FromStr for Rule {
    type Err = DecodeAsError;

    /// `udp.port==5555,vxlan`; `5555-5560` are all ports from one to another, `5555:3` are three.
    fn from_str(text: &str) -> Result<Self, DecodeAsError> {
        let shape = || DecodeAsError(format!("'{text}' is no rule: write udp.port==5555,vxlan"));
        let (selector, name) = text.split_once(',').ok_or_else(shape)?;
        let (table, ports) = selector.split_once("==").ok_or_else(shape)?;
        if table.trim() != "udp.port" {
            let error = format!("'{table}' cannot be chosen by: only udp.port can");
            return Err(DecodeAsError(error));
        }
        let (first, last) = range(ports.trim()).ok_or_else(shape)?;
        let name = name.trim();
        let known = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let Some((_, tunnel, _)) = known else {
            let names: Vec<_> = NAMES.iter().map(|(name, ..)| *name).collect();
            let error = format!("'{name}' is no tunnel that is known: {}", names.join(", "));
            return Err(DecodeAsError(error));
        };
        Ok(Self { first, last, tunnel: *tunnel })
    }
}

/// The first and the last of some ports.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = if let Some((first, last)) = text.split_once('-') {
        (first.parse().ok()?, last.parse().ok()?)
    } else if let Some((first, count)) = text.split_once(':') {
        let first: u16 = first.parse().ok()?;
        (first, first.checked_add(count.parse::<u16>().ok()?.checked_sub(1)?)?)
    } else {
        let port = text.parse().ok()?;
        (port, port)
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_tshark_reads_them() {
        let rule = |text: &str| text.parse::<Rule>();
        let vxlan = |first, last| Ok(Rule { first, last, tunnel: UdpTunnel::Vxlan });
        assert_eq!(rule("udp.port==5555,vxlan"), vxlan(5555, 5555));
        assert_eq!(rule("udp.port==5555-5560,VXLAN"), vxlan(5555, 5560));
        assert_eq!(rule("udp.port==5555:3,vxlan"), vxlan(5555, 5557));
        for wrong in ["", "5555,vxlan", "tcp.port==1,vxlan", "udp.port==70000,vxlan"] {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
        let error = rule("udp.port==1,http").unwrap_err().to_string();
        assert_eq!(
            error,
            "'http' is no tunnel that is known: vxlan, vxlan-gpe, geneve, gtp, l2tp, teredo, mpls, gre"
        );
    }

    #[test]
    fn a_rule_comes_before_what_everybody_uses() {
        let rules = DecodeAs::new(vec!["udp.port==4789,geneve".parse().unwrap()]);
        assert_eq!(rules.tunnel(4789), Some(UdpTunnel::Geneve));
        assert_eq!(rules.tunnel(8472), Some(UdpTunnel::Vxlan));
        assert_eq!(rules.tunnel(53), None);
    }
}
