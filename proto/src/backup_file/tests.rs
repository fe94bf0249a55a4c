use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::*;

fn manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        cluster_id: "shop".into(),
        node_id: 2,
        index: 4_711,
        term: 3,
        leader_id: 1,
        taken_at: "2026-11-24T12:00:00Z".into(),
        state_hash: "ab".repeat(32),
        state_bytes: 600_000,
        files: 3,
        version: "0.1.0".into(),
    }
}

/// A file with three parts.
fn file() -> Vec<u8> {
    let (mut maker, bytes) = Maker::begin(&manifest());
    let mut file = bytes.to_vec();
    for part in [&[1; 300][..], &[], &[7; 2_000]] {
        file.extend_from_slice(&maker.part(part));
    }
    file.extend_from_slice(&maker.end());
    file
}

fn takes(file: &[u8], expected: Option<&str>) -> Result<Vec<usize>, BackupFileError> {
    let mut parts = Vec::new();
    let read = read(file, expected, |part| {
        if let Part::Content(content) = part {
            parts.push(content.len());
        }
        Ok(())
    })?;
    assert_eq!(read, manifest());
    Ok(parts)
}

#[test]
fn a_file_reads_back_as_it_was_made_in_pieces_of_any_length() {
    let file = file();
    assert_eq!(takes(&file, Some("shop")).expect("it is whole"), [300, 0, 2_000]);
    for piece in [1, 7, 13, 1_000] {
        let mut checker = Checker::new();
        let mut content = 0;
        for bytes in file.chunks(piece) {
            let mut with = |part: Part<'_>| {
                if let Part::Content(bytes) = part {
                    content += bytes.len();
                }
                Ok(())
            };
            checker.push(bytes, &mut with).expect("it is whole");
        }
        assert_eq!((checker.finish().expect("it is whole"), content), (manifest(), 2_300), "pieces of {piece}");
    }
}

#[test]
fn the_manifest_can_be_read_by_a_person() {
    let file = file();
    let head = String::from_utf8_lossy(&file[..600]);
    assert!(head.contains("\"cluster_id\": \"shop\"") && head.contains("\"index\": 4711"), "{head}");
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let good = file();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            assert!(takes(&bad, None).is_err(), "bit {bit} of byte {at}");
        }
        assert!(takes(&good[..at], None).is_err(), "cut at {at}");
    }
    let mut longer = good.clone();
    longer.push(0);
    let refused = takes(&longer, None).expect_err("a byte too many").to_string();
    assert!(refused.contains("something follows its end"), "{refused}");
}

#[test]
fn records_that_are_left_out_swapped_or_twice_are_refused() {
    let good = file();
    let mut records = vec![];
    let mut at = HEAD;
    while at < good.len() {
        let length = u32::from_be_bytes(good[at..at + 4].try_into().expect("four bytes")) as usize;
        records.push(good[at..at + RECORD_HEAD + length].to_vec());
        at += RECORD_HEAD + length;
    }
    let made_of = |records: &[Vec<u8>]| [good[..HEAD].to_vec(), records.concat()].concat();
    assert_eq!(made_of(&records), good);
    for at in 0..records.len() {
        let mut without = records.clone();
        without.remove(at);
        assert!(takes(&made_of(&without), None).is_err(), "without record {at}");
        let mut twice = records.clone();
        twice.insert(at, records[at].clone());
        assert!(takes(&made_of(&twice), None).is_err(), "record {at} twice");
    }
    for at in 1..records.len() {
        let mut swapped = records.clone();
        swapped.swap(at - 1, at);
        assert!(takes(&made_of(&swapped), None).is_err(), "records {} and {at} swapped", at - 1);
    }
}

#[test]
fn a_backup_of_another_cluster_is_refused_and_cannot_be_passed_off_as_one_of_this() {
    let refused = takes(&file(), Some("other")).expect_err("it is not theirs").to_string();
    assert_eq!(refused, "the backup is of cluster \"shop\", and one of cluster \"other\" was asked for");
    // With the checksums of a manifest that names the other cluster, and everything else as it was.
    let (_, begin) = Maker::begin(&Manifest { cluster_id: "shed".into(), ..manifest() });
    let (_, own) = Maker::begin(&manifest());
    let forged = [&begin[..], &file()[own.len()..]].concat();
    let refused = read(&forged[..], Some("shed"), |_| Ok(())).expect_err("it is forged").to_string();
    assert!(refused.contains("not those that its end was written for"), "{refused}");
}

#[test]
fn what_is_no_backup_or_of_a_newer_program_says_so() {
    let said = |bytes: &[u8]| takes(bytes, None).expect_err("it is none").to_string();
    assert!(said(b"PK\x03\x04 a zip file").contains("no backup file of Live Drops"));
    assert!(said(b"").contains("no backup file"));
    let mut newer = file();
    newer[11] = 9;
    assert!(said(&newer).contains("format 9") && said(&newer).contains("use the newer program"));
    assert!(said(&file()[..500]).contains("cut short after 500 bytes"));
}

/// Random damage of a file of some size: several bytes, runs of zeros, parts that changed places.
#[test]
fn random_damage_is_refused() {
    let (mut maker, begin) = Maker::begin(&manifest());
    let mut good = begin.to_vec();
    for part in 0..40_u8 {
        good.extend_from_slice(&maker.part(&vec![part; 5_000]));
    }
    good.extend_from_slice(&maker.end());
    let seed = RandomState::new().hash_one("seed");
    println!("seed {seed}");
    let mut state = seed;
    let mut random = |below: usize| {
        // splitmix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    };
    for round in 0..300 {
        let mut bad = good.clone();
        let (at, length) = (random(good.len() - 700), 1 + random(600));
        match round % 3 {
            0 => bad[at] ^= 1 + random(255) as u8,
            1 => bad[at..at + length].fill(0xff),
            _ => bad.drain(at..at + length).for_each(drop),
        }
        assert!(bad == good || takes(&bad, None).is_err(), "seed {seed}, round {round}, at {at}, {length} bytes");
    }
}
