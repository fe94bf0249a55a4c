//! Files of values: a name, the bytes, and what they say in CBOR's diagnostic notation (RFC 8949, section 8) for human eyes.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use livedrop_domain::codec;
use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode};

/// Written for no bytes at all.
const EMPTY: &str = "(empty)";

/// Checks that the values encode to the stored bytes, and that the stored bytes decode to the values.
pub fn check<T>(file: &str, values: Vec<(&str, T)>)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let encoded = values.iter().map(|(name, value)| (name.to_string(), codec::encode(value)));
    let stored = check_bytes(file, encoded.collect());
    for ((_, bytes), (name, value)) in stored.iter().zip(&values) {
        let decoded: T = codec::decode(bytes, name).expect("the stored bytes decode");
        assert_eq!(&decoded, value, "{name} in {file}");
    }
}

/// Checks that these are the stored bytes under the stored names; gives what is stored.
pub fn check_bytes(file: &str, named: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    // Tests run in the folder of their package. Where it was built may be another checkout.
    let path = PathBuf::from("tests/golden").join(file);
    let text: String = named.iter().map(|(name, bytes)| block(name, bytes)).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).expect("the folder is there");
    }
    let stored = fs::read_to_string(&path).unwrap_or_else(|error| panic!("reading {file}: {error}"));
    for (was, is) in stored.lines().zip(text.lines()) {
        assert_eq!(was, is, "{file} was written with other bytes");
    }
    assert_eq!(stored.lines().count(), text.lines().count(), "{file} has other values");
    read(&stored)
}

fn block(name: &str, bytes: &[u8]) -> String {
    let said = said(bytes).map(|said| format!("  {said}\n")).unwrap_or_default();
    format!("{name}\n  {}\n{said}", if bytes.is_empty() { EMPTY.to_string() } else { hex(bytes) })
}

/// The names and bytes of a file: the line after a name.
fn read(text: &str) -> Vec<(String, Vec<u8>)> {
    let names = text.lines().zip(text.lines().skip(1)).filter(|(line, _)| !line.starts_with(' '));
    let bytes = |line: &str| if line.trim() == EMPTY { vec![] } else { unhex(line.trim()) };
    names.map(|(name, line)| (name.to_string(), bytes(line))).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// What bytes say, if they are one CBOR item of the kinds that are written here.
fn said(bytes: &[u8]) -> Option<String> {
    let mut decoder = Decoder::new(bytes);
    let said = item(&mut decoder).ok()?;
    (decoder.position() == bytes.len()).then_some(said)
}

fn item(decoder: &mut Decoder) -> Result<String, Error> {
    Ok(match decoder.datatype()? {
        Type::Array => {
            let length = decoder.array()?.unwrap_or_default();
            let items: Result<Vec<_>, Error> = (0..length).map(|_| item(decoder)).collect();
            format!("[{}]", items?.join(", "))
        }
        Type::Bytes => format!("h'{}'", hex(decoder.bytes()?)),
        Type::String => format!("{:?}", decoder.str()?),
        Type::Bool => decoder.bool()?.to_string(),
        Type::Null => decoder.null().map(|()| "null".to_string())?,
        _ => decoder.u64()?.to_string(),
    })
}
