"""boto3 clients of the local cloud: one for each service and region, shared by all threads, made when first needed."""

import threading
from collections.abc import Mapping
from typing import Any

from localcloud.providers.aws.configuration import Configuration
from localcloud.providers.provider import RefusedError

_MANY = 64  # connections; the engine works on as many resources at once as the graph allows


class Clients:
    """Gives clients by service name, for the configured endpoint only."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._account = ""

    def at(self, region: str | None) -> "Region":
        """Gives the clients of one region; of the configured one where the argument is empty."""
        return Region(self, region or self.configuration.region)

    def client(self, service: str, region: str) -> Any:
        """Gives the shared client."""
        found = self._clients.get((service, region))
        if found is None:
            with self._lock:
                found = self._clients.get((service, region)) or self._made(service, region)
                self._clients[service, region] = found
        return found

    def account(self) -> str:
        """Gives the account of the credentials, asked once."""
        with self._lock:
            if not self._account:
                self._account = self.client("sts", self.configuration.region).get_caller_identity()["Account"]
        return self._account

    def require_allowed_account(self) -> None:
        """Refuses credentials of an account that the configuration does not allow."""
        configuration = self.configuration
        if not configuration.allowed and not configuration.forbidden:
            return
        account = self.account()
        if account in configuration.forbidden or (configuration.allowed and account not in configuration.allowed):
            raise RefusedError(
                f"the credentials belong to account {account}, which the provider's configuration does not allow "
                f"(allowedAccountIds: {', '.join(configuration.allowed) or 'any'}; forbiddenAccountIds: "
                f"{', '.join(configuration.forbidden) or 'none'}): take credentials of the right account, or correct the configuration"
            )

    def _made(self, service: str, region: str) -> Any:
        import boto3  # noqa: PLC0415 - a preview never needs it, and it takes longer to import than all the rest
        from botocore.config import Config  # noqa: PLC0415

        if self._session is None:
            self._session = boto3.session.Session()
        config = Config(
            retries={"total_max_attempts": 4, "mode": "standard"},
            max_pool_connections=_MANY,
            connect_timeout=5,
            read_timeout=70,
            parameter_validation=True,
            ignore_configured_endpoint_urls=True,
        )
        credentials: Mapping[str, Any] = self.configuration.credentials
        return self._session.client(service, region_name=region, endpoint_url=self.configuration.endpoint, config=config, **credentials)


class Region:
    """The clients of one region."""

    def __init__(self, clients: Clients, region: str) -> None:
        self._clients = clients
        self.region = region

    @property
    def account(self) -> str:
        """The account of the credentials."""
        return self._clients.account()

    def client(self, service: str) -> Any:
        """Gives the client of any service."""
        return self._clients.client(service, self.region)

    @property
    def events(self) -> Any:
        """EventBridge."""
        return self.client("events")

    @property
    def iam(self) -> Any:
        """IAM."""
        return self.client("iam")

    @property
    def kms(self) -> Any:
        """KMS."""
        return self.client("kms")

    @property
    def functions(self) -> Any:
        """Lambda."""
        return self.client("lambda")

    @property
    def logs(self) -> Any:
        """CloudWatch Logs."""
        return self.client("logs")

    @property
    def secrets(self) -> Any:
        """Secrets Manager."""
        return self.client("secretsmanager")

    @property
    def sns(self) -> Any:
        """SNS."""
        return self.client("sns")

    @property
    def sqs(self) -> Any:
        """SQS."""
        return self.client("sqs")
