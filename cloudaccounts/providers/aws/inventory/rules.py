"""Rules of security groups and of network ACLs, as properties."""

from __future__ import annotations

from typing import Any

from cloudaccounts.provider_kit.normalization import ordered


def acl_entries(acl: Any, *, egress: bool) -> list[dict[str, Any]] | None:
    """In the order in which they are tried. ``protocol`` is a number, "-1" for all. None where AWS does not tell them:
    each network ACL has entries, of which the last cannot be removed.
    """
    if "Entries" not in acl:
        return None
    entries = [
        {
            "number": entry.get("RuleNumber"),
            # One that does not say which way it is for may be for the other: then it is not known what it does here.
            "action": entry.get("RuleAction") if "Egress" in entry else None,
            "protocol": entry.get("Protocol"),
            "cidr": entry.get("CidrBlock"),
            "ipv6_cidr": entry.get("Ipv6CidrBlock"),
            "from_port": entry.get("PortRange", {}).get("From"),
            "to_port": entry.get("PortRange", {}).get("To"),
        }
        for entry in acl["Entries"]
        if entry.get("Egress", egress) == egress
    ]
    # The lowest number that matches decides: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
    return sorted(entries, key=lambda entry: (entry["number"] or 0, str(entry["cidr"])))


def group_rules(permissions: Any) -> list[dict[str, Any]] | None:
    """``protocol`` is "-1" for all; ports are None where the protocol has none. None where AWS does not tell the rules:
    of a group without any, it tells an empty list.
    """
    if permissions is None:
        return None
    return ordered(
        {
            "protocol": rule.get("IpProtocol"),
            "from_port": rule.get("FromPort"),
            "to_port": rule.get("ToPort"),
            # An entry without its one field is kept as nothing, which no rule takes for an address.
            "cidrs": sorted(item.get("CidrIp", "") for item in rule.get("IpRanges", ())),
            "ipv6_cidrs": sorted(item.get("CidrIpv6", "") for item in rule.get("Ipv6Ranges", ())),
            "prefix_lists": sorted(item.get("PrefixListId", "") for item in rule.get("PrefixListIds", ())),
            "groups": sorted(item.get("GroupId", "") for item in rule.get("UserIdGroupPairs", ())),
        }
        for rule in permissions
    )


def named_lists(rules: list[dict[str, Any]] | None) -> set[str]:
    """The prefix lists that rules of `group_rules` name."""
    return {name for rule in rules or () for name in rule["prefix_lists"] if name}
