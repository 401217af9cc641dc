"""A channel reaches the internet alone."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.notifications.outbound.addresses import is_public

INSIDE = [
    "0.0.0.0",  # noqa: S104 # to be refused
    "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "2002:7f00:1::",
    "2002:808:808::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "100::1",
    "5f00::1", "4000::1", "", "localhost", "0x7f.1", "2130706433", "127.1", "010.0.0.1", "1.2.3", "1.2.3.4.5",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8", "1.1.1.1", "52.94.236.248", "172.32.0.1", "172.15.255.255", "100.128.0.1", "192.0.1.1",
    "2606:4700:4700::1111", "2a00:1450:4001:82f::200e", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_a_network_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_is_not(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_nothing_that_the_library_calls_special_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    if special or address.is_reserved or address.is_unspecified:
        assert not is_public(str(address)) or address in ipaddress.ip_network("64:ff9b::/96")


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "::", "64:ff9b::", "::ffff:0:0:0", "64:ff9b:1::"]))
def test_an_inner_ipv4_address_opens_nothing(address: ipaddress.IPv4Address, prefix: str) -> None:
    embedded = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
    assert not is_public(str(embedded)) or is_public(str(address))


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    assert is_public(text) in {True, False}
