//! Lines as rows that a filter takes or leaves, by what is known when they are written.

use super::finding::FindingLine;
use crate::analyze::state;
use crate::filter::{Field, Row, RowValue};
use crate::report::event::EventKind;
use crate::report::model::Finding;
use crate::report::option::describe;
use crate::report::rows::{direction_name, side_name, state_name};
use crate::report::text::finding::name as severity_name;
use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::event::Event;
use crate::track::role::Role;
use crate::track::subflow::Subflow;

/// The fields that are known at a packet.
pub const KNOWN_FIELDS: &[Field] = &[
    Field::Address,
    Field::Port,
    Field::Connection,
    Field::Frame,
    Field::Token,
    Field::Version,
    Field::State,
    Field::Code,
    Field::Severity,
    Field::Option,
    Field::Direction,
    Field::Side,
];

/// What a line is about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// An event of this subflow.
    Event(&'a Subflow, &'a Event),
    /// The state of this subflow.
    Subflow(&'a Subflow),
    /// The state of the connection.
    Connection,
    /// A finding on it.
    Finding(&'a FindingLine),
}

/// A line that is about a connection.
#[derive(Clone, Copy)]
pub(super) struct LiveRow<'a> {
    pub(super) trace: Trace<'a>,
    pub(super) connection: &'a Connection,
    pub(super) subject: Subject<'a>,
}

impl<'a> LiveRow<'a> {
    /// The subflow that it is about, or all.
    fn subflows(&self) -> impl Iterator<Item = &'a Subflow> {
        let only = match self.subject {
            Subject::Event(subflow, _) | Subject::Subflow(subflow) => Some(subflow),
            Subject::Connection | Subject::Finding(_) => None,
        };
        let all = self.trace.subflows(self.connection).filter(move |_| only.is_none());
        only.into_iter().chain(all)
    }
}

impl Row for LiveRow<'_> {
    fn values(&self, field: Field, take: &mut dyn FnMut(RowValue<'_>)) {
        match field {
            Field::Address | Field::Port => {
                for end in self
                    .subflows()
                    .flat_map(|subflow| Role::BOTH.map(|role| subflow.sides.of(role)))
                {
                    take(if field == Field::Port {
                        RowValue::Number(end.endpoint.port.into())
                    } else {
                        RowValue::Address(end.endpoint.address)
                    });
                }
            }
            Field::Connection => take(RowValue::Number(self.connection.number)),
            Field::Token => {
                for role in Role::BOTH {
                    let token = self.connection.hosts.of(role).token;
                    take(token.map_or(RowValue::Unknown, |token| RowValue::Number(token.0.into())));
                }
            }
            Field::Version => {
                let version = self.connection.version;
                take(
                    version.map_or(RowValue::Unknown, |version| RowValue::Number(version.0.into())),
                );
            }
            Field::State => {
                take(RowValue::Text(state_name(state::state(&self.trace, self.connection))));
                if self.connection.fallback.is_some() {
                    take(RowValue::Text("fallback"));
                }
            }
            _ => of_subject(self.subject, field, take),
        }
    }

    fn words(&self, take: &mut dyn FnMut(RowValue<'_>)) {
        for field in [
            Field::Address,
            Field::Port,
            Field::Connection,
            Field::State,
            Field::Code,
            Field::Severity,
            Field::Option,
        ] {
            self.values(field, take);
        }
        if let Subject::Finding(FindingLine { finding: Some(Finding { summary, .. }), .. }) =
            self.subject
        {
            take(RowValue::Text(summary));
        }
    }
}

/// What belongs to one packet or finding.
fn of_subject(subject: Subject<'_>, field: Field, take: &mut dyn FnMut(RowValue<'_>)) {
    match (subject, field) {
        (Subject::Event(_, event), Field::Frame) => take(RowValue::Number(event.seen.packet.0)),
        (Subject::Event(_, event), Field::Option) => {
            if let EventKind::Option(option) = (&event.kind).into() {
                take(RowValue::Text(describe(&option).json_kind()));
            }
        }
        (Subject::Event(_, event), Field::Direction) => {
            take(RowValue::Text(direction_name(event.direction)));
        }
        (Subject::Event(_, event), Field::Side) => take(RowValue::Text(side_name(event.direction))),
        (Subject::Finding(line), Field::Code) => take(RowValue::Text(line.code.name())),
        (Subject::Finding(line), Field::Severity) => {
            take(RowValue::Text(severity_name(line.severity)));
        }
        (Subject::Finding(line), Field::Direction) => {
            line.direction.iter().for_each(|found| take(RowValue::Text(direction_name(*found))));
        }
        (Subject::Finding(line), Field::Side) => {
            line.direction.iter().for_each(|found| take(RowValue::Text(side_name(*found))));
        }
        _ => {}
    }
}
