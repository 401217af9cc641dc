"""ListTrails names the trails of all regions; moto's knows those of the region that is asked.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html
"""

from typing import Any

from sandbox.aws import clouds, hosts
from sandbox.aws.identities import Account


def list_trails(account: Account) -> dict[str, Any]:
    trails = [
        trail
        for region in hosts.regions(account.partition)
        for trail in clouds.backend("cloudtrail", account.id, region).trails.values()
    ]
    return {
        "Trails": [
            {"TrailARN": trail.arn, "Name": trail.trail_name, "HomeRegion": trail.region_name} for trail in trails
        ]
    }
