//! An option in JSON: an object with `kind`, `option_len`, and the fields; and the schema of that.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use super::description::{Describe, Suboption};
use super::field::FieldSpec;
use super::raw::{RawKind, RawOption};

/// Writes a described option into an object that has been begun.
pub(super) fn write_fields<M: SerializeMap>(
    option: &dyn Describe,
    object: &mut M,
) -> Result<(), M::Error> {
    object.serialize_entry("kind", option.json_kind())?;
    object.serialize_entry("option_len", &option.option_len())?;
    let mut written = Ok(());
    option.each_field(&mut |field| {
        if written.is_ok() {
            written = object.serialize_entry(field.name, &field.value);
        }
    });
    written
}

/// The schema of one kind of options.
pub(super) struct OptionSchema {
    json_kind: &'static str,
    purpose: &'static str,
    fields: fn(&mut SchemaGenerator) -> Schema,
}

impl OptionSchema {
    pub(super) const fn of<T: Suboption>() -> Self {
        let fields = SchemaGenerator::subschema_for::<FieldsOf<T>>;
        Self { json_kind: T::NAME, purpose: T::PURPOSE, fields }
    }

    pub(super) const fn raw(kind: RawKind) -> Self {
        let fields = SchemaGenerator::subschema_for::<RawFields>;
        Self { json_kind: kind.json_kind(), purpose: kind.purpose(), fields }
    }

    /// An object with this `kind` and the fields of the suboption.
    pub(super) fn kind(&self, generator: &mut SchemaGenerator) -> Schema {
        let mut schema = (self.fields)(generator);
        let kind = json_schema!({ "type": "string", "const": self.json_kind });
        schema.insert("description".to_owned(), self.purpose.into());
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), serde_json::json!({ "kind": kind }));
        schema.insert("required".to_owned(), serde_json::json!(["kind"]));
        schema
    }
}

/// Stands for the fields of a suboption in a JSON Schema.
struct FieldsOf<T>(PhantomData<T>);

impl<T: Suboption> JsonSchema for FieldsOf<T> {
    fn schema_name() -> Cow<'static, str> {
        T::SCHEMA_NAME.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        object(T::SCHEMA_DOC, T::FIELDS, generator)
    }
}

/// Stands for the fields of an option of which only the octets are known.
struct RawFields;

impl JsonSchema for RawFields {
    fn schema_name() -> Cow<'static, str> {
        RawOption::SCHEMA_NAME.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        object(RawOption::SCHEMA_DOC, RawOption::FIELDS, generator)
    }
}

/// The length of the option, and its fields.
fn object<T>(doc: &str, fields: &[FieldSpec<T>], generator: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    let mut required = vec!["option_len"];
    let mut add = |name: &str, doc: &str, mut schema: Schema| {
        schema.insert("description".to_owned(), doc.into());
        properties.insert(name.to_owned(), Value::from(schema));
    };
    add("option_len", "Octets of the option.", generator.subschema_for::<u8>());
    for field in fields {
        add(field.name, field.doc, (field.schema)(generator));
        if field.is_required {
            required.push(field.name);
        }
    }
    json_schema!({
        "description": doc,
        "type": "object",
        "properties": properties,
        "required": required,
    })
}
