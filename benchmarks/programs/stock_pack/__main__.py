"""As many rules as ours on Pulumi's own policy SDK, each of them trivial: what the SDK costs before a rule does anything."""

import os

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

OF_RESOURCES, OF_STACKS = (int(os.environ[f"KEYTURN_BENCH_{kind}_RULES"]) for kind in ("RESOURCE", "STACK"))


def one(args, report_violation):
    if args.resource_type == "aws:secretsmanager/secret:Secret" and args.name == "":
        report_violation("a secret has a name")


def all_of_them(args, report_violation):
    for resource in args.resources:
        if resource.resource_type == "aws:secretsmanager/secret:Secret" and resource.name == "":
            report_violation("a secret has a name")


PolicyPack(
    "stock",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        *(ResourceValidationPolicy(name=f"resource-{n}", description="trivial", validate=one) for n in range(OF_RESOURCES)),
        *(StackValidationPolicy(name=f"stack-{n}", description="trivial", validate=all_of_them) for n in range(OF_STACKS)),
    ],
)
