"""Records as the pack writes them, made by hand."""

from datetime import date

from policies.gate.judgement import Judgement, NotJudged
from policies.gate.record import Exemption, Finding, Record, Row
from tests.policies.program import SECRET


def urn(name="database", stack="prod", of=SECRET):
    """The URN of a resource of the shop."""
    return f"urn:pulumi:{stack}::shop::{of}::{name}"


def finding(name="database", *, stack="prod", **more):
    """A violation of `secret-is-rotated`, unless it says otherwise."""
    given = {
        "rule": "secret-is-rotated",
        "title": "A secret is rotated on a schedule",
        "severity": "high",
        "group": "Rotation",
        "level": "mandatory",
        "answer": "violated",
        "urn": urn(name, stack),
        "resource": f'Secret "{name}"',
        "property": "",
        "text": f'Secret "{name}" is never rotated: no SecretRotation is for it',
        "mend": "Add an aws.secretsmanager.SecretRotation with a rotation function and rotation rules.",
        "page": "docs/policies/secret-is-rotated.md",
        "status": "open",
        **more,
    }
    return Finding.model_validate({**given, "page": f"docs/policies/{given['rule']}.md"})


def exempt(name="legacy", *, days=12, **more):
    """A finding that somebody answers for."""
    exemption = Exemption(reason="the vendor takes one key a year", owner="team-payments", expires=date(2027, 1, 31), days_left=days)
    return finding(name, status="exempt", level="advisory", exemption=exemption, **more)


def row(who="prod/billing", of="prod/billing/database", access="read", *, certain=True, service=True, through='RolePolicy "reads"'):
    """A line of the access matrix."""
    identity = f'Role "{who.rpartition("/")[2]}"' if service else who
    return Row(identity=identity, service=who if service else None, secret=of, access=access, certain=certain, through=through)


def record(*findings, stack="prod", access=(), environment="prod", **more):
    """The record of one stack of the shop."""
    given = {"version": 1, "pack": "keyturn", "pack_version": "0.1.0", "project": "shop", "dry_run": True, **more}
    return Record(stack=stack, environment=environment, findings=findings, access=tuple(access), **given)


def judgement(*records, together=(), not_judged=()):
    """What the gate says about some stacks; `not_judged` are pairs of stack and reason."""
    missing = tuple(NotJudged(stack=stack, why=why) for stack, why in not_judged)
    return Judgement(records=records, together=tuple(together), not_judged=missing)


MANIFEST = {"version": 1, "project": "shop", "stack": "prod"}


def recorded(*findings, stack="prod", **more):
    """A record with a manifest, as the pack writes it."""
    return record(*findings, stack=stack, **{"manifest": {**MANIFEST, "stack": stack}, **more})


def lines(run):
    """What the gate said; the engine's own display goes past it."""
    return run.stdout.splitlines()
