"""What a rule about single resources gets: the arguments of Pulumi's SDK, with marks and unknown values kept."""

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import PolicyCustomTimeouts, PolicyProviderResource, PolicyResourceOptions, ResourceValidationArgs

from policies.pack.values import WireProperties


class NotApplicableError(Exception):
    """A rule is not about the resource."""


class ResourceArgs(ResourceValidationArgs):
    """The arguments of a resource rule."""

    def not_applicable(self, reason: str | None = None) -> None:
        """Says that the rule is not about this resource."""
        raise NotApplicableError(reason or "")


def resource_args(request: analyzer_pb2.AnalyzeRequest, inputs: WireProperties) -> ResourceArgs:
    """Gives the arguments for a resource that the engine shows."""
    return ResourceArgs(request.type, inputs, request.urn, request.name, _options(request.options), _provider(request))


def _options(options: analyzer_pb2.AnalyzerResourceOptions) -> PolicyResourceOptions:
    timeouts = options.customTimeouts
    return PolicyResourceOptions(
        protect=options.protect,
        ignore_changes=list(options.ignoreChanges),
        delete_before_replace=options.deleteBeforeReplace if options.deleteBeforeReplaceDefined else None,
        aliases=list(options.aliases),
        custom_timeouts=PolicyCustomTimeouts(timeouts.create, timeouts.update, timeouts.delete),
        additional_secret_outputs=list(options.additionalSecretOutputs),
        parent=options.parent or None,
    )


def _provider(request: analyzer_pb2.AnalyzeRequest) -> PolicyProviderResource | None:
    if not request.HasField("provider"):
        return None
    provider = request.provider
    return PolicyProviderResource(provider.type, WireProperties(provider.properties), provider.urn, provider.name)
