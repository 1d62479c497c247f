//! Which registered blocks contain an address, most specific first.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// Blocks with the numbers of their assets. A question costs one hash lookup for each prefix length in use.
#[derive(Debug, Default)]
pub(crate) struct PrefixTable {
    v4: Family,
    v6: Family,
}

#[derive(Debug, Default)]
struct Family {
    blocks: HashMap<(u8, u128), Vec<u32>>,
    // Prefix lengths in use, longest first.
    lengths: Vec<u8>,
}

impl PrefixTable {
    pub(crate) fn insert(&mut self, network: IpNet, number: u32) {
        let (family, bits) = match network {
            IpNet::V4(v4) => (&mut self.v4, u128::from(u32::from(v4.network()))),
            IpNet::V6(v6) => (&mut self.v6, u128::from(v6.network())),
        };
        let length = network.prefix_len();
        family.blocks.entry((length, bits)).or_default().push(number);
        if let Err(place) = family.lengths.binary_search_by(|other| length.cmp(other)) {
            family.lengths.insert(place, length);
        }
    }

    /// The assets of each block that contains the address, most specific block first.
    pub(crate) fn containing(&self, address: IpAddr) -> impl Iterator<Item = &[u32]> {
        let (family, width, bits) = match address.to_canonical() {
            IpAddr::V4(v4) => (&self.v4, 32, u128::from(u32::from(v4))),
            IpAddr::V6(v6) => (&self.v6, 128, u128::from(v6)),
        };
        family.lengths.iter().filter_map(move |&length| {
            let host_bits = width - u32::from(length);
            // A shift by the whole width is what /0 of IPv6 would be.
            let network =
                bits.checked_shr(host_bits).map_or(0, |kept| kept.checked_shl(host_bits).unwrap_or(0));
            family.blocks.get(&(length, network)).map(Vec::as_slice)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: &[u32]) {
        let mut table = PrefixTable::default();
        let blocks = [
            "0.0.0.0/0",
            "10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.2.3/32",
            "::/0",
            "2001:db8::/32",
            "2001:db8::1/128",
        ];
        for (number, block) in blocks.iter().enumerate() {
            table.insert(block.parse().unwrap(), number as u32);
        }
        let found: Vec<u32> = table.containing(address.parse().unwrap()).flatten().copied().collect();
        assert_eq!(found, expected, "{address}");
    }

    #[test]
    fn blocks_come_most_specific_first_and_families_do_not_mix() {
        check("10.1.2.3", &[3, 2, 1, 0]);
        check("10.1.2.4", &[2, 1, 0]);
        check("192.0.2.1", &[0]);
        check("::ffff:10.1.2.3", &[3, 2, 1, 0]);
        check("2001:db8::1", &[6, 5, 4]);
        check("2001:db9::1", &[4]);
    }
}
