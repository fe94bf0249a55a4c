//! Ports for the nodes of one cluster, chosen so that two clusters on one machine do not meet.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

/// Below what the system hands out to outgoing connections, so that the port of a killed node stays free until the
/// node comes back.
const FIRST: u16 = 12_000;
const BLOCKS: u16 = 600;
const BLOCK: u16 = 32;

/// A block of ports that is this cluster's while the value lives: the guard is the last port of the block, bound.
pub struct Ports {
    base: u16,
    _guard: TcpListener,
}

impl Ports {
    /// Takes the first block, from a random place on, that nobody holds and whose first `count` ports are free.
    pub fn take(count: u16) -> Result<Self> {
        assert!(count < BLOCK, "a block has room for {} ports", BLOCK - 1);
        let start = getrandom::u32()? % u32::from(BLOCKS);
        for step in 0..u32::from(BLOCKS) {
            let block = u16::try_from((start + step) % u32::from(BLOCKS)).expect("smaller than BLOCKS");
            let base = FIRST + block * BLOCK;
            let Ok(guard) = TcpListener::bind((Ipv4Addr::LOCALHOST, base + BLOCK - 1)) else {
                continue;
            };
            if (base..base + count).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
                return Ok(Self { base, _guard: guard });
            }
        }
        bail!("no block of {count} free ports between {FIRST} and {}", FIRST + BLOCKS * BLOCK)
    }

    pub fn port(&self, place: u16) -> u16 {
        self.base + place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clusters_get_different_ports() {
        let one = Ports::take(6).unwrap();
        let two = Ports::take(6).unwrap();
        assert_ne!(one.port(0), two.port(0));
    }
}
