//! `fields` of `wasi:http/types` (RFC 9110, section 5).

use super::resources::gone;
use super::values::{answer, failed};
use crate::component::val::Val;
use crate::component::wasi::args::{Args, wrong};
use crate::component::wasi::call::{Call, Function};
use crate::error::{Error, Result};
use crate::host::wasi::http::{Fields, FieldsEntry, Http};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[constructor]fields", |call, _| {
        new(call, FieldsEntry::default()).map(Some)
    }),
    ("[static]fields.from-list", from_list),
    ("[method]fields.get", get),
    ("[method]fields.has", |call, args| {
        let (fields, name) = (fields(call, args)?, args.text()?.to_ascii_lowercase());
        let has = fields.fields.iter().any(|(it, _)| *it == name);
        Ok(Some(Val::Bool(has)))
    }),
    ("[method]fields.set", set),
    ("[method]fields.delete", |call, args| {
        let (fields, name) = (fields(call, args)?, args.text()?);
        let name = match changed(fields).and_then(|()| allowed_name(name)) {
            Ok(name) => name,
            Err(why) => return failed(why),
        };
        fields.fields.retain(|(it, _)| *it != name);
        answer(None)
    }),
    ("[method]fields.append", append),
    ("[method]fields.entries", entries),
    ("[method]fields.clone", |call, args| {
        let fields = FieldsEntry {
            fields: fields(call, args)?.fields.clone(),
            is_immutable: false,
        };
        new(call, fields).map(Some)
    }),
];

/// Bytes that the fields of one resource may take: as other runtimes have it.
const MOST: usize = 128 << 10;

/// Fields that are of a connection, and so the host's (RFC 9110, section 7.6.1; RFC 9113, section 8.2.2).
const FORBIDDEN: [&str; 9] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// A new resource of fields.
pub(super) fn new(call: &mut Call<'_>, fields: FieldsEntry) -> Result<Val> {
    let types = call.types;
    call.new_http(&types.http.fields, Http::Fields(fields))
}

/// The fields of a request that are the program's.
pub(super) fn of_request(mut fields: Fields) -> Fields {
    fields.retain(|(name, _)| !FORBIDDEN.contains(&name.as_str()));
    fields
}

/// A new resource of a message's fields, which are not changed any more.
pub(super) fn of_message(call: &mut Call<'_>, fields: Fields) -> Result<Option<Val>> {
    let is_immutable = true;
    let fields = FieldsEntry {
        fields,
        is_immutable,
    };
    new(call, fields).map(Some)
}

/// Takes fields that the program gives away.
pub(super) fn taken(call: &mut Call<'_>, index: u32) -> Result<Fields> {
    match call.take_http(index)? {
        Http::Fields(entry) => Ok(entry.fields),
        _ => Err(gone()),
    }
}

fn fields<'c>(call: &'c mut Call<'_>, args: &mut Args<'_>) -> Result<&'c mut FieldsEntry> {
    let index = args.resource(&call.types.http.fields)?;
    match call.http(index)? {
        Http::Fields(fields) => Ok(fields),
        _ => Err(gone()),
    }
}

fn changed(fields: &FieldsEntry) -> Result<(), &'static str> {
    match fields.is_immutable {
        true => Err("immutable"),
        false => Ok(()),
    }
}

/// A name that a program may set, in lower case: a token (RFC 9110, section 5.6.2).
fn allowed_name(name: &str) -> Result<String, &'static str> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("invalid-syntax");
    }
    let name = name.to_ascii_lowercase();
    match FORBIDDEN.contains(&name.as_str()) {
        true => Err("forbidden"),
        false => Ok(name),
    }
}

/// A value: no control characters but tabs (RFC 9110, section 5.5).
fn allowed_value(value: &Val) -> Result<Result<Vec<u8>, &'static str>> {
    let Val::Bytes(value) = value else {
        return Err(wrong());
    };
    let is_text = |byte: &u8| *byte == b'\t' || *byte >= 0x20 && *byte != 0x7f;
    Ok(match value.iter().all(is_text) {
        true => Ok(value.clone()),
        false => Err("invalid-syntax"),
    })
}

fn check_size(fields: &Fields) -> Result<()> {
    let size = |(name, value): &(String, Vec<u8>)| name.len() + value.len();
    match fields.iter().map(size).sum::<usize>() {
        ..=MOST => Ok(()),
        size => Err(Error::host(format!(
            "fields of HTTP take {size} bytes, and {MOST} are the most"
        ))),
    }
}

fn from_list(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let mut fields = Fields::new();
    for entry in args.list()? {
        let Val::Tuple(pair) = entry else {
            return Err(wrong());
        };
        let [Val::String(name), value] = &pair[..] else {
            return Err(wrong());
        };
        match (allowed_name(name), allowed_value(value)?) {
            (Ok(name), Ok(value)) => fields.push((name, value)),
            (Err(why), _) | (_, Err(why)) => return failed(why),
        }
    }
    check_size(&fields)?;
    let is_immutable = false;
    let fields = FieldsEntry {
        fields,
        is_immutable,
    };
    let fields = new(call, fields)?;
    answer(Some(fields))
}

fn get(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fields, name) = (fields(call, args)?, args.text()?.to_ascii_lowercase());
    let values = fields.fields.iter().filter(|(it, _)| *it == name);
    let values = values.map(|(_, value)| Val::Bytes(value.clone()));
    Ok(Some(Val::List(values.collect())))
}

fn set(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fields, name) = (fields(call, args)?, args.text()?);
    let name = match changed(fields).and_then(|()| allowed_name(name)) {
        Ok(name) => name,
        Err(why) => return failed(why),
    };
    let mut values = Vec::new();
    for value in args.list()? {
        match allowed_value(value)? {
            Ok(value) => values.push((name.clone(), value)),
            Err(why) => return failed(why),
        }
    }
    fields.fields.retain(|(it, _)| *it != name);
    fields.fields.extend(values);
    check_size(&fields.fields)?;
    answer(None)
}

fn append(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fields, name) = (fields(call, args)?, args.text()?);
    let name = changed(fields).and_then(|()| allowed_name(name));
    match (name, allowed_value(args.next()?)?) {
        (Ok(name), Ok(value)) => fields.fields.push((name, value)),
        (Err(why), _) | (_, Err(why)) => return failed(why),
    }
    check_size(&fields.fields)?;
    answer(None)
}

fn entries(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let entry = |(name, value): &(String, Vec<u8>)| {
        Val::Tuple(vec![Val::String(name.clone()), Val::Bytes(value.clone())])
    };
    let entries = fields(call, args)?.fields.iter().map(entry);
    Ok(Some(Val::List(entries.collect())))
}
