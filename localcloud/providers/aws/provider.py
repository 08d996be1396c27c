"""The `aws` provider of the local cloud: what is common to all its resource types."""

from collections.abc import Mapping
from typing import Any

from localcloud.providers.aws import configuration, invokes
from localcloud.providers.aws.clients import Clients
from localcloud.providers.aws.configuration import Configuration
from localcloud.providers.aws.failures import is_missing, missing_is_fine, sentence, told_plainly
from localcloud.providers.aws.registry import RESOURCES, schema
from localcloud.providers.checking import DEFAULTS, checked
from localcloud.providers.difference import difference
from localcloud.providers.naming import Autonaming
from localcloud.providers.provider import Checked, Difference, Found, HalfMadeError, RefusedError, Subject
from localcloud.providers.resource import Resource
from localcloud.providers.sdk.provider import found_elsewhere
from localcloud.providers.sdk.types import SdkType, sdk_type
from localcloud.providers.states import adopted, planned, settled
from localcloud.providers.wire import Properties, root


class AwsProvider:
    """Speaks for `aws` to the local cloud; without any AWS at all where KEYTURN_OFFLINE is set."""

    name = "aws"
    version = "7.51.1"  # of the released provider whose arguments it takes
    accepts_secrets = False  # as the bridged one

    def __init__(self) -> None:
        self._clients: Clients | None = None

    def schema(self) -> str:
        """Gives the schema of the known types."""
        return schema(self.name, self.version)

    def check_config(self, news: Properties) -> Checked:
        """Checks the provider's arguments."""
        return configuration.checked(news)

    def configure(self, config: Properties) -> None:
        """Refuses the real AWS, and an account that is not allowed."""
        clients = Clients(configuration.configured(config))
        if not clients.configuration.offline:
            with told_plainly("asking the local AWS for the account"):
                clients.require_allowed_account()
        self._clients = clients

    def check(self, subject: Subject, olds: Properties, news: Properties, autonaming: Autonaming) -> Checked:
        """Checks arguments of every type, also of those that can only be previewed."""
        return checked(_described(subject), subject.name, olds, news, autonaming=autonaming, tags=self._configuration.tags)

    def diff(self, subject: Subject, olds: Properties, old_inputs: Properties, news: Properties) -> Difference:  # noqa: ARG002 (the protocol's)
        """Compares the state with the arguments."""
        return difference(_described(subject), olds, news)

    def planned(self, subject: Subject, olds: Properties | None, news: Properties) -> Properties:
        """Gives the state after a create or an update, with what only AWS can tell unknown."""
        resource = _described(subject)
        state = planned(resource, olds, news, self._region(news, olds or {}))
        return resource.secrets_marked(state) if isinstance(resource, SdkType) else state

    def create(self, subject: Subject, inputs: Properties) -> tuple[str, Properties]:
        """Makes a resource. What fails after AWS has made it leaves it half made."""
        resource, aws = self._known(subject), self._online("creating").at(inputs.get("region"))
        _require_modelled(resource, inputs)
        name = resource.name
        said = dict(inputs)
        if name and name.property not in said:
            said[name.property] = name.completed(said)
        doing, sensitive, made = f"creating {subject.token} {subject.name}", _sensitive(resource, inputs), list[str]()
        try:
            resource.create(aws, said, made.append)
            read = resource.read(aws, made[0], said) or {}
            state = settled(resource, said, read, aws.region)
            return resource.identity(made[0], state), state
        except Exception as error:
            reason = f"{doing}: {sentence(error, sensitive)}"
            if not made:
                raise RefusedError(reason) from error
            state = _so_far(resource, aws, made[0], said)
            # Without what names it, a type could not find the resource again: then it keeps what the program said.
            identity = resource.identity(made[0], state or said)
            raise HalfMadeError(identity, state or said, inputs, f"{reason} (it exists, and the next update completes it)") from error

    def read(self, subject: Subject, identity: str, state: Properties, inputs: Properties) -> Found | None:
        """Finds a resource for a refresh, an import or a lookup."""
        if found := found_elsewhere(identity, state, inputs):
            return found
        resource = self._known(subject)
        aws = self._online("reading").at(state.get("region"))
        try:
            read = resource.read(aws, identity, state)
        except Exception as error:
            if is_missing(error):
                return None
            raise RefusedError(f"reading {subject.token} {subject.name}: {sentence(error)}") from error
        if read is None:
            return None
        found = settled(resource, state, read, aws.region)
        return Found(resource.identity(identity, found), found, adopted(resource, found, inputs, importing=not inputs))

    def update(self, subject: Subject, identity: str, olds: Properties, old_inputs: Properties, news: Properties) -> Properties:  # noqa: ARG002 (the protocol's)
        """Changes what differs; what fails on the way is mended by the next update."""
        resource, aws = self._known(subject), self._online("updating").at(olds.get("region"))
        _require_modelled(resource, news)
        changed = {root(path) for path in difference(resource, olds, news).changes}
        # A name that the provider made stays the resource's name.
        names = (name for name, declared in resource.inputs.items() if declared.computed and declared.replaces and name in olds)
        said = {**{name: olds[name] for name in names}, **news}
        try:
            resource.update(aws, identity, said, changed, olds)
            return settled(resource, said, resource.read(aws, identity, {**olds, **said}) or {}, aws.region)
        except Exception as error:
            reason = f"updating {subject.token} {subject.name}: {sentence(error, _sensitive(resource, news))}"
            raise HalfMadeError(identity, _so_far(resource, aws, identity, olds) or olds, news, reason) from error

    def delete(self, subject: Subject, identity: str, state: Properties, inputs: Properties) -> None:
        """Removes a resource. How it is removed, such as with which recovery window, an imported one has from its arguments only."""
        resource, aws = self._known(subject), self._online("deleting").at(state.get("region"))
        with told_plainly(f"deleting {subject.token} {subject.name}"), missing_is_fine():
            resource.delete(aws, identity, {**inputs, **state})

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> Checked:
        """Answers a function; offline, from the configuration."""
        about = arguments.get("arn") or arguments.get("name") or arguments.get("keyId")
        with told_plainly(f"invoking {token} ({about})" if about else f"invoking {token}"):
            return invokes.answered(token, arguments, self._required)

    @property
    def _required(self) -> Clients:
        if self._clients is None:
            raise RefusedError("the aws provider was asked before it was configured")
        return self._clients

    @property
    def _configuration(self) -> Configuration:
        # A provider whose own configuration is unknown yet is asked for checks before it is configured.
        return self._clients.configuration if self._clients else Configuration(region="")

    def _online(self, doing: str) -> Clients:
        if self._configuration.offline:
            raise RefusedError(
                f"{doing} needs AWS, and KEYTURN_OFFLINE is set: offline there are previews only, without --refresh. "
                "Unset KEYTURN_OFFLINE and run against a cloud"
            )
        return self._required

    def _region(self, news: Properties, olds: Properties) -> str:
        return str(news.get("region") or olds.get("region") or self._configuration.region)

    @staticmethod
    def _known(subject: Subject) -> Resource:
        resource = RESOURCES.get(subject.token)
        if resource is None:
            known = ", ".join(sorted(f"{token.split('/')[0].removeprefix('aws:')}.{token.rpartition(':')[2]}" for token in RESOURCES))
            raise RefusedError(
                f"{subject.token} is not a type that Keyturn's local stand-in for the aws provider can make: a preview shows it, "
                f"but an update needs the released provider and AWS. The stand-in knows {known}"
            )
        return resource


def _described(subject: Subject) -> Resource:
    return RESOURCES.get(subject.token) or sdk_type("aws", subject.token)


def _so_far(resource: Resource, aws: Any, identity: str, said: Properties) -> Properties | None:
    """Gives the state of a resource after a failure; None when even that cannot be read."""
    try:
        read = resource.read(aws, identity, said)
    except Exception:  # the failure before this one is the one to report
        return None
    if read is None:
        return None
    unread = {name: value for name, value in said.items() if name in resource.inputs and resource.inputs[name].unread}
    return settled(resource, unread, read, aws.region)


def _require_modelled(resource: Resource, inputs: Properties) -> None:
    for name, declared in resource.inputs.items():
        if not declared.modelled and name in inputs and name != DEFAULTS:
            raise RefusedError(
                f"{name} of {resource.type} is not done by Keyturn's local stand-in for the aws provider: "
                "a preview takes it, an update does not"
            )


def _sensitive(resource: Resource, inputs: Properties) -> list[Any]:
    return [inputs[name] for name, declared in resource.inputs.items() if declared.sensitive and name in inputs]
