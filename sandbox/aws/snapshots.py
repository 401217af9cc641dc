"""DescribeSnapshots by who may restore them (RestorableBy), a parameter that moto ignores."""

from urllib.parse import urlencode

from moto.backends import get_backend

from sandbox.aws.call import Call
from sandbox.aws.identities import Account


def restorable(call: Call, account: Account) -> bytes | None:
    """The call's body with the ids of the snapshots that fit; None where no snapshot does."""
    restorable_by = set(call.listed("RestorableBy"))
    backend = get_backend("ec2")[account.id][call.region]
    fitting = [
        snapshot.id
        for snapshot in backend.snapshots.values()
        if restorable_by & {*snapshot.create_volume_permission_groups, *snapshot.create_volume_permission_userids}
    ]
    # Without ids moto would answer with all snapshots, so the empty answer is made by the layer.
    if not fitting:
        return None
    # Narrowed to ids, which moto does understand.
    parameters = {key: value for key, value in call.form.items() if not key.startswith(("RestorableBy", "SnapshotId"))}
    return urlencode(
        {**parameters, **{f"SnapshotId.{number}": snapshot_id for number, snapshot_id in enumerate(fitting, 1)}}
    ).encode()
