//! Rows and commands of programs that are a little older or a little newer than this one.

use std::fmt::Debug;

use livedrop_domain::payments::Payment;
use livedrop_domain::{Command, codec, drops};
use minicbor::{Decode, Encode};

use crate::{follows, members, money, sandbox, values, waitlist, webhooks};

/// Reads a row to which a newer program has added a field. Of one whose last field is left out it would be that field.
fn reads_newer<T>(row: T)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let mut bytes = codec::encode(&row);
    assert_eq!(bytes[0] & 0xe0, 0x80, "a row is an array of its fields");
    bytes[0] += 1;
    bytes.extend(codec::encode(&"newer"));
    assert_eq!(codec::decode::<T>(&bytes, "a newer row").expect("what is not known is skipped"), row);
}

#[test]
fn rows_of_a_newer_program_are_read() {
    reads_newer(values::disabled_account());
    reads_newer(values::later_session());
    reads_newer(values::retiring_key());
    reads_newer(values::record());
    reads_newer(values::head());
    reads_newer(values::product());
    reads_newer(waitlist::drop());
    reads_newer(money::paying());
    reads_newer(money::payment());
    reads_newer(money::tally());
    reads_newer(money::minute());
    reads_newer(members::removed());
    reads_newer(members::invitation());
    reads_newer(values::meta());
    reads_newer(sandbox::intent());
    reads_newer(sandbox::movement());
    reads_newer(follows::edge());
    reads_newer(follows::counts());
    reads_newer(follows::notice());
    reads_newer(follows::inbox());
    reads_newer(webhooks::endpoint());
    reads_newer(webhooks::delivery());
    reads_newer(waitlist::waiter());
    reads_newer(waitlist::offered_place());
    reads_newer(waitlist::line());
}

#[test]
fn what_an_older_program_did_not_say_is_left_out() {
    let steer = drops::Command::Pause(values::steer());
    let mut bytes = codec::encode(&Command::Drops(steer));
    let (room, verb) = (&bytes[..3], 4);
    assert_eq!((room, bytes[verb]), (&[0x82, 0x04, 0x81][..], 3), "drops::Pause");
    bytes[verb] = 1;
    let [(_, _), (_, nothing)] = &values::requests()[..] else { panic!("there are two requests") };
    assert_eq!(
        &codec::decode::<Command>(&bytes, "an edit of two fields").expect("the rest is optional"),
        &nothing.command
    );
}

/// Absence says something of these: what a newer program means must not be taken for it.
#[test]
fn a_reason_of_a_newer_program_is_a_fault_and_not_none() {
    let payment = money::cancelled_payment();
    let mut bytes = codec::encode(&payment);
    let reason = codec::encode(&payment.declined);
    let at = bytes.windows(reason.len()).position(|window| window == reason).expect("it was declined") - 1;
    assert_eq!(codec::decode::<Payment>(&bytes, "a payment").ok(), Some(payment));
    bytes[at] = 9;
    assert!(codec::decode::<Payment>(&bytes, "a payment that ended for reason 9").is_err());
}

#[test]
fn a_variant_of_a_newer_program_is_a_fault() {
    assert!(codec::decode::<Command>(&[0x82, 0x18, 0x63, 0x80], "a command of room 99").is_err());
    assert!(codec::decode::<Command>(&[0x82, 0x05, 0x81, 0x82, 0x18, 0x63, 0x80], "verb 99 of orders").is_err());
}
