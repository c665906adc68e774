//! Which API servers are reached past the proxy that the process's variables name. Knows `NO_PROXY` as curl and kubectl read it.

use std::net::IpAddr;

/// Whether this host is one of those that `NO_PROXY` names: hosts, domains with or without a dot before them, addresses, networks.
pub(super) fn is_direct(host: &str, no_proxy: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    // The console's own machine is never behind a proxy.
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    no_proxy.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| match (&*entry, address) {
        ("", _) => false,
        ("*", _) => true,
        (entry, Some(address)) => entry.parse() == Ok(address) || is_within(address, entry),
        (entry, None) => {
            let domain = entry.trim_start_matches('.');
            host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
        }
    })
}

/// Whether an address lies in a network such as `10.0.0.0/8`.
fn is_within(address: IpAddr, network: &str) -> bool {
    let Some((base, length)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) if length <= 32 => {
            let shift = 32 - length;
            address.to_bits().checked_shr(shift) == base.to_bits().checked_shr(shift)
        }
        (IpAddr::V6(address), IpAddr::V6(base)) if length <= 128 => {
            let shift = 128 - length;
            address.to_bits().checked_shr(shift) == base.to_bits().checked_shr(shift)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.example.com", "example.com", true)]
    #[case("a.example.com", ".example.com", true)]
    #[case("A.example.com", "b, a.example.com", true)]
    #[case("badexample.com", "example.com", false)]
    #[case("a.example.com", "", false)]
    #[case("a.example.com", "*", true)]
    #[case("10.1.2.3", "10.0.0.0/8", true)]
    #[case("11.1.2.3", "10.0.0.0/8,11.1.2.4", false)]
    #[case("11.1.2.3", "0.0.0.0/0", true)]
    #[case("[fd00::1]", "fd00::/8", true)]
    #[case("127.0.0.1", "", true)]
    #[case("localhost", "", true)]
    fn hosts(#[case] host: &str, #[case] no_proxy: &str, #[case] direct: bool) {
        assert_eq!(is_direct(host, no_proxy), direct);
    }
}
