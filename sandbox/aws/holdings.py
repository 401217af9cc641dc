"""Which examples the company's accounts hold beside people, buckets and machines, and when they are made.

Most are made when their service is first asked for: loading all of moto's services would cost the sandbox's start many
seconds.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from sandbox.aws import clouds, company
from sandbox.aws.dates import date_back
from sandbox.aws.examples import compute, data, monitoring
from sandbox.aws.examples.site import Site
from sandbox.aws.identities import Account
from sandbox.aws.inprocess import Workshop
from sandbox.aws.state import State

AGE = timedelta(days=250)
REGION = "us-east-1"  # where the data platform has an example of everything
_ALL = {
    "kms": data.kms,
    "rds": data.rds,
    "lambda": compute.lambda_functions,
    "secretsmanager": data.secrets,
    "sqs": data.sqs,
    "sns": data.sns,
    "eks": compute.eks,
    "ecs": compute.ecs,
    "api.ecr": compute.ecr,
    "elasticfilesystem": data.efs,
    "dynamodb": data.dynamodb,
    "elasticloadbalancing": compute.elb,
    "cloudtrail": monitoring.cloudtrail,
    "config": monitoring.config,
    "guardduty": monitoring.guardduty,
    "securityhub": monitoring.securityhub,
    "cloudformation": compute.cloudformation,
    "logs": monitoring.logs,
    "acm": compute.acm,
    "route53": compute.route53,
    "cloudfront": compute.cloudfront,
}
# By account, region and the endpoint's name of the service.
HOLDINGS: Mapping[tuple[str, str, str], Callable[[Site], None]] = MappingProxyType(
    {
        **{(company.DATA_PLATFORM, REGION, service): make for service, make in _ALL.items()},
        (company.PAYMENTS, "eu-west-1", "kms"): data.kms,
        (company.PAYMENTS, "eu-west-1", "rds"): data.rds,
        (company.LEGACY, "us-west-2", "cloudtrail"): monitoring.old_trail,
    }
)
_BACKENDS = {
    "api.ecr": "ecr",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
}  # where moto's name is another
_GLOBAL = {"route53", "cloudfront"}  # kept by partition


def build_eagerly(account: Account, workshop: Workshop, state: State) -> None:
    """Disks and flow logs: EC2 is loaded for the company's machines anyway."""
    if account.id != company.DATA_PLATFORM:
        return
    site, began = Site(account, REGION, workshop), datetime.now(UTC)
    for make in (compute.disks, compute.network, compute.gateways):
        # The ids in data folders that exist were drawn from this text: another one would give other resources.
        with clouds.reproducible(state.seed, account.id, site.region, f"_{make.__name__}"):
            make(site)
    backend = clouds.backend("ec2", account.id, site.region)
    for resources in (backend.snapshots, backend.amis, backend.flow_logs):
        date_back(resources, since=began, to=state.born - AGE)


class Holdings:
    """Makes a service's examples before it is first asked, with the same ids and dates at every start."""

    def __init__(self, workshop: Workshop, state: State) -> None:
        self._workshop = workshop
        self._state = state
        self._open = dict(HOLDINGS)
        self._lock = threading.RLock()

    def prepare(self, account: Account, service: str) -> None:
        """In all regions at once: some lists name what lies in others (CloudTrail's)."""
        if any(place[0] == account.id and place[2] == service for place in tuple(self._open)):
            with self._lock:
                # Asked again under the lock: another thread may have made them in between.
                for place in [holding for holding in self._open if holding[0] == account.id and holding[2] == service]:
                    self._make(account, place[1], service)
                    del self._open[place]

    def _make(self, account: Account, region: str, service: str) -> None:
        began = datetime.now(UTC)
        with clouds.reproducible(self._state.seed, account.id, region, service):
            HOLDINGS[account.id, region, service](Site(account, region, self._workshop))
        place = account.partition if service in _GLOBAL else region
        backend = clouds.backend(_BACKENDS.get(service, service), account.id, place)
        date_back(backend, since=began, to=self._state.born - AGE)
