"""Lambda: functions."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.archives import zipped
from localcloud.providers.aws.failures import code_of
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, Property, between, flag, nested, one_of, text, unmodelled, whole
from localcloud.providers.provider import Failure
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

FUNCTION_NAME = checks.matching(r"[a-zA-Z0-9_-]+", "letters, digits, - or _", longest=64)
_SETTINGS = {  # argument to the name that Lambda has for it
    "description": "Description",
    "handler": "Handler",
    "kmsKeyArn": "KMSKeyArn",
    "memorySize": "MemorySize",
    "role": "Role",
    "runtime": "Runtime",
    "timeout": "Timeout",
}
_CODE = ("code", "s3Bucket", "s3Key", "s3ObjectVersion", "architectures")
_SECONDS = 60  # until a function is ready for the next change
_LOGGING = {
    "applicationLogLevel": "ApplicationLogLevel",
    "logFormat": "LogFormat",
    "logGroup": "LogGroup",
    "systemLogLevel": "SystemLogLevel",
}


class Function(Resource):
    """A function with its code."""

    type = "aws:lambda/function:Function"
    inputs: ClassVar = {
        "architectures": Property(
            kind=Kind.TEXTS, computed=True, check=lambda value: None if value in (["x86_64"], ["arm64"]) else "must be [x86_64] or [arm64]"
        ),
        "code": Property(kind=Kind.ARCHIVE, unread=True),
        "deadLetterConfig": nested({"targetArn": text(required=True, check=checks.arn())}),
        "description": text(check=checks.length(256)),
        "environment": nested({"variables": Property(kind=Kind.MAP)}),
        "ephemeralStorage": nested({"size": whole(check=between(512, 10_240))}, computed=True),
        "handler": text(check=checks.length(128, 1)),
        "kmsKeyArn": text(check=checks.arn("kms")),
        "layers": Property(kind=Kind.TEXTS),
        "loggingConfig": nested(
            {
                "applicationLogLevel": text(check=one_of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")),
                "logFormat": text(required=True, check=one_of("Text", "JSON")),
                "logGroup": text(computed=True),
                "systemLogLevel": text(check=one_of("DEBUG", "INFO", "WARN")),
            },
            computed=True,
        ),
        "memorySize": whole(default=128, check=between(128, 32_768)),
        "name": text(computed=True, replaces=True, check=FUNCTION_NAME),
        "packageType": text(default="Zip", replaces=True, check=one_of("Zip", "Image")),
        "publish": flag(False, unread=True),
        "region": text(computed=True, replaces=True),
        "reservedConcurrentExecutions": whole(default=-1, check=lambda value: None if value >= -1 else "must be -1 or more"),
        "role": text(required=True, check=checks.arn("iam")),
        "runtime": text(),
        "s3Bucket": text(unread=True),
        "s3Key": text(unread=True),
        "s3ObjectVersion": text(unread=True),
        "skipDestroy": flag(False, unread=True),
        "sourceCodeHash": text(computed=True, unread=True),
        "tags": tags.argument,
        "timeout": whole(default=3, check=between(1, 900)),
        "tracingConfig": nested({"mode": text(required=True, check=one_of("Active", "PassThrough"))}, computed=True),
        "vpcConfig": nested(
            {
                "ipv6AllowedForDualStack": flag(False),
                "securityGroupIds": Property(kind=Kind.SET, required=True),
                "subnetIds": Property(kind=Kind.SET, required=True),
                "vpcId": text(computed=True),
            }
        ),
        **unmodelled(
            "capacityProviderConfig",
            "codeSha256",
            "codeSigningConfigArn",
            "durableConfig",
            "fileSystemConfig",
            "imageConfig",
            "imageUri",
            "publishTo",
            "replaceSecurityGroupsOnDestroy",
            "replacementSecurityGroupIds",
            "snapStart",
            "sourceKmsKeyArn",
            "tenancyConfig",
            "useResourceTimeoutForPropagation",
        ),
    }
    outputs: ClassVar = {
        "arn": Kind.TEXT,
        "codeSha256": Kind.TEXT,
        "invokeArn": Kind.TEXT,
        "lastModified": Kind.TEXT,
        "qualifiedArn": Kind.TEXT,
        "qualifiedInvokeArn": Kind.TEXT,
        "responseStreamingInvokeArn": Kind.TEXT,
        "signingJobArn": Kind.TEXT,
        "signingProfileVersionArn": Kind.TEXT,
        "sourceCodeSize": Kind.WHOLE,
        "version": Kind.TEXT,
    }
    conflicts = (("code", "s3Bucket", "imageUri"),)
    needs_one = (("code", "s3Bucket", "imageUri"),)
    name = Name(prefix=None)
    renews: ClassVar = {
        "code": ("codeSha256", "lastModified", "sourceCodeSize"),
        "s3Key": ("codeSha256", "lastModified", "sourceCodeSize"),
        "environment": ("lastModified",),
    }

    def check(self, inputs: Properties) -> Iterator[Failure]:
        """A zip needs a handler and a runtime; an image has its own."""
        if inputs.get("packageType") == "Zip":
            for name in ("handler", "runtime"):
                if not inputs.get(name):
                    yield Failure(name, "is required when the code is a zip")
        if "s3Bucket" in inputs and "s3Key" not in inputs:
            yield Failure("s3Key", "is required with s3Bucket")

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the function with its code."""
        aws.functions.create_function(
            FunctionName=inputs["name"],
            PackageType=inputs["packageType"],
            Code=_code(inputs),
            Publish=inputs["publish"],
            Tags=inputs.get("tags") or {},
            **({"Architectures": inputs["architectures"]} if inputs.get("architectures") else {}),
            **_settings(inputs, set(inputs)),
        )
        made(inputs["name"])
        if inputs["reservedConcurrentExecutions"] >= 0:
            self._reserve(aws, inputs["name"], inputs["reservedConcurrentExecutions"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the function; its code by hash only."""
        answer = aws.functions.get_function(FunctionName=identity)
        function, vpc, logging = (
            answer["Configuration"],
            answer["Configuration"].get("VpcConfig"),
            answer["Configuration"].get("LoggingConfig"),
        )
        arn, version = function["FunctionArn"], function.get("Version", "$LATEST")
        invoke = f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{{}}/invocations"
        return {
            **{name: function.get(key) for name, key in _SETTINGS.items()},
            "architectures": function.get("Architectures") or ["x86_64"],
            "arn": arn,
            "codeSha256": function.get("CodeSha256"),
            "deadLetterConfig": {"targetArn": letters} if (letters := function.get("DeadLetterConfig", {}).get("TargetArn")) else None,
            "environment": {"variables": variables} if (variables := function.get("Environment", {}).get("Variables")) else None,
            "ephemeralStorage": {"size": function.get("EphemeralStorage", {}).get("Size", 512)},
            "invokeArn": invoke.format(arn),
            "lastModified": function.get("LastModified"),
            "layers": [layer["Arn"] for layer in function.get("Layers") or ()],
            "loggingConfig": {name: logging.get(key) for name, key in _LOGGING.items() if logging.get(key)}
            if logging
            else {"logFormat": "Text", "logGroup": f"/aws/lambda/{identity}"},
            "name": function["FunctionName"],
            "packageType": function.get("PackageType", "Zip"),
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": invoke.format(f"{arn}:{version}"),
            "reservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
            "responseStreamingInvokeArn": invoke.format(arn)
            .replace("2015-03-31", "2021-11-15")
            .replace("/invocations", "/response-streaming-invocations"),
            "signingJobArn": function.get("SigningJobArn", ""),
            "signingProfileVersionArn": function.get("SigningProfileVersionArn", ""),
            "sourceCodeHash": function.get("CodeSha256"),
            "sourceCodeSize": function.get("CodeSize"),
            "tags": tags.mapped([{"Key": key, "Value": value} for key, value in (answer.get("Tags") or {}).items()]),
            "tracingConfig": {"mode": function.get("TracingConfig", {}).get("Mode", "PassThrough")},
            "version": version,
            "vpcConfig": {
                "ipv6AllowedForDualStack": vpc.get("Ipv6AllowedForDualStack", False),
                "securityGroupIds": vpc.get("SecurityGroupIds", []),
                "subnetIds": vpc["SubnetIds"],
                "vpcId": vpc.get("VpcId", ""),
            }
            if vpc and vpc.get("SubnetIds")
            else None,
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes settings, then code: each when Lambda is done with the change before."""
        if settings := _settings(inputs, changed):
            _when_ready(lambda: aws.functions.update_function_configuration(FunctionName=identity, **settings))
        if changed & {*_CODE, "sourceCodeHash"}:
            architectures = {"Architectures": inputs["architectures"]} if inputs.get("architectures") else {}
            arguments = {**_code(inputs), **architectures, "Publish": inputs["publish"]}
            _when_ready(lambda: aws.functions.update_function_code(FunctionName=identity, **arguments))
        if "reservedConcurrentExecutions" in changed:
            self._reserve(aws, identity, inputs["reservedConcurrentExecutions"])
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.functions.untag_resource(Resource=olds["arn"], TagKeys=remove)
        if write:
            aws.functions.tag_resource(Resource=olds["arn"], Tags=write)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the function, unless `skipDestroy` keeps it."""
        if not state.get("skipDestroy"):
            aws.functions.delete_function(FunctionName=identity)

    @staticmethod
    def _reserve(aws: Any, function: str, executions: int) -> None:
        if executions < 0:
            aws.functions.delete_function_concurrency(FunctionName=function)
        else:
            aws.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=executions)


def _code(inputs: Properties) -> dict[str, Any]:
    if "code" in inputs:
        return {"ZipFile": zipped(inputs["code"])}
    keys = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {key: inputs[name] for name, key in keys.items() if inputs.get(name)}


def _settings(inputs: Properties, names: set[str]) -> dict[str, Any]:
    """Gives the named settings in Lambda's words; what the program no longer says goes back to nothing."""
    vpc, logging = inputs.get("vpcConfig") or {}, inputs.get("loggingConfig") or {}
    settings: dict[str, Any] = {key: inputs.get(name, "") for name, key in _SETTINGS.items()}
    settings |= {
        "DeadLetterConfig": {"TargetArn": (inputs.get("deadLetterConfig") or {}).get("targetArn", "")},
        "Environment": {"Variables": (inputs.get("environment") or {}).get("variables", {})},
        "EphemeralStorage": {"Size": (inputs.get("ephemeralStorage") or {}).get("size", 512)},
        "Layers": inputs.get("layers", []),
        "LoggingConfig": {key: logging[name] for name, key in _LOGGING.items() if logging.get(name)},
        "TracingConfig": {"Mode": (inputs.get("tracingConfig") or {}).get("mode", "PassThrough")},
        "VpcConfig": {"SubnetIds": vpc.get("subnetIds", []), "SecurityGroupIds": vpc.get("securityGroupIds", [])},
    }
    return {key: value for key, value in settings.items() if _SPOKEN[key] in names}


_SPOKEN = {key: name for name, key in _SETTINGS.items()} | {
    "DeadLetterConfig": "deadLetterConfig",
    "Environment": "environment",
    "EphemeralStorage": "ephemeralStorage",
    "Layers": "layers",
    "LoggingConfig": "loggingConfig",
    "TracingConfig": "tracingConfig",
    "VpcConfig": "vpcConfig",
}


def _when_ready(call: Callable[[], Any]) -> Any:
    """Tries again while Lambda is busy with the change before."""
    until = time.monotonic() + _SECONDS
    while True:
        try:
            return call()
        except Exception as error:
            is_busy = code_of(error) == "ResourceConflictException" and "in progress" in str(error)
            if not is_busy or time.monotonic() > until:
                raise
            time.sleep(0.5)


TYPES = (Function,)
