"""Rules of security groups and of network ACLs, as properties."""

from __future__ import annotations

from typing import Any

from cloudaccounts.provider_kit.normalization import ordered


def acl_entries(acl: Any, *, egress: bool) -> list[dict[str, Any]]:
    """In the order in which they are tried. ``protocol`` is a number, "-1" for all."""
    entries = [
        {
            "number": entry.get("RuleNumber"),
            "action": entry.get("RuleAction"),
            "protocol": entry.get("Protocol"),
            "cidr": entry.get("CidrBlock"),
            "ipv6_cidr": entry.get("Ipv6CidrBlock"),
            "from_port": entry.get("PortRange", {}).get("From"),
            "to_port": entry.get("PortRange", {}).get("To"),
        }
        for entry in acl.get("Entries", ())
        if bool(entry.get("Egress")) == egress
    ]
    # The lowest number that matches decides: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
    return sorted(entries, key=lambda entry: (entry["number"] or 0, str(entry["cidr"])))


def group_rules(permissions: Any) -> list[dict[str, Any]]:
    """``protocol`` is "-1" for all; ports are None where the protocol has none."""
    return ordered(
        {
            "protocol": rule["IpProtocol"],
            "from_port": rule.get("FromPort"),
            "to_port": rule.get("ToPort"),
            "cidrs": sorted(item["CidrIp"] for item in rule.get("IpRanges", ())),
            "ipv6_cidrs": sorted(item["CidrIpv6"] for item in rule.get("Ipv6Ranges", ())),
            "prefix_lists": sorted(item["PrefixListId"] for item in rule.get("PrefixListIds", ())),
            "groups": sorted(item.get("GroupId", "") for item in rule.get("UserIdGroupPairs", ())),
        }
        for rule in permissions
    )
