"""What policies of Vault open."""

import json

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases

cases = Cases("vault-policy-is-exact")

OWN = 'path "kv/dev/billing/data/*" { capabilities = ["read"] }'
PATHS = {"paths": {"billing": "secret/data/billing", "payroll": "secret/data/payroll"}}


def opening(program, text, name="billing"):
    program.add("vault:index/policy:Policy", name, {"name": name, "policy": text})


def mounts(program, *paths, **more):
    for path in paths:
        inputs = {"path": path, "type": "kv", "options": {"version": "2"}, **more}
        program.add("vault:index/mount:Mount", path.rpartition("/")[2], inputs)


@cases.violated("It opens everything", at="billing", properties="policy")
def everything(program):
    opening(program, 'path "*" { capabilities = ["read"] }')


@cases.violated("It opens every environment", at="billing", properties="policy")
def every_environment(program):
    opening(program, 'path "+/*" { capabilities = ["read"] }\npath "kv/+/billing/data/*" { capabilities = ["read"] }')


@cases.violated("It opens a whole environment", at="billing", properties="policy")
def whole_environment(program):
    opening(program, 'path "kv/dev/*" { capabilities = ["read", "list"] }')


@cases.violated("It opens a mount in which every service has its place", at="billing", properties="policy")
def whole_mount(program):
    mounts(program, "secret")
    opening(program, 'path "secret/data/*" { capabilities = ["read"] }')


@cases.violated("It opens a mount that holds a whole environment", at="billing", properties="policy")
def mount_of_an_environment(program):
    mounts(program, "kv/dev")
    opening(program, 'path "kv/dev/data/*" { capabilities = ["read"] }')


@cases.violated("It ends in a * without a slash, and opens payroll for pay", at="pay", properties="policy")
def beginning(program):
    opening(program, 'path "kv/dev/pay*" { capabilities = ["read"] }', "pay")


@cases.violated("It opens what begins like a name in its own mount", at="billing")
def beginning_of_a_name(program):
    opening(program, 'path "kv/dev/billing/data/db*" { capabilities = ["read"] }')


@cases.violated("It has the capability sudo", at="billing")
def sudo(program):
    opening(program, 'path "sys/raw/core" { capabilities = ["read", "sudo"] }')


@cases.violated("It is written in the old way, and what stands there means sudo", at="billing")
def sudo_in_one_word(program):
    opening(program, 'path "sys/raw/core" { policy = "sudo" }')


@cases.violated("It is called root", at="root", properties="name")
def root(program):
    opening(program, OWN, "root")


@cases.violated("It opens all of what Vault is run by", at="billing")
def system(program):
    opening(program, json.dumps({"path": {"sys/*": {"capabilities": ["read"]}}}))


@cases.violated("It writes another service's secrets", at="billing")
def writes_elsewhere(program):
    mounts(program, "kv/dev/billing", "kv/dev/reports")
    opening(program, 'path "kv/dev/reports/data/database" { capabilities = ["update"] }')


@cases.violated("One path of it opens two services of a mount that a team divided", at="billing", settings=PATHS)
def divided_mount(program):
    opening(program, 'path "secret/data/*" { capabilities = ["read"] }')


@cases.violated("It belongs to nobody and opens two services", at="shared")
def two_services(program):
    mounts(program, "kv/dev/billing", "kv/dev/reports")
    opening(program, f'{OWN}\npath "kv/dev/reports/data/*" {{ capabilities = ["read"] }}', "shared")


@cases.violated("It leaves out data/, without which version 2 of KV finds nothing", at="billing")
def without_data(program):
    mounts(program, "kv/dev/billing")
    opening(program, 'path "kv/dev/billing/database" { capabilities = ["read"] }')


@cases.violated("It leaves out data/ in a mount that has settings of version 2", at="billing")
def without_data_by_settings(program):
    mounts(program, "kv/dev/billing", options={})
    program.add("vault:kv/secretBackendV2:SecretBackendV2", "settings", {"mount": "kv/dev/billing", "maxVersions": 10})
    opening(program, 'path "kv/dev/billing/database" { capabilities = ["read"] }')


@cases.violated("A * in the middle is an ordinary letter", at="billing")
def star_in_the_middle(program):
    opening(program, 'path "kv/dev/billing/data/*/password" { capabilities = ["read"] }')


@cases.violated("It is malformed, and Vault would refuse it", at="billing", properties="policy")
def malformed(program):
    opening(program, 'path "kv/dev/billing/data/*" { capabilities = ["read"]')


@cases.violated("It has a capability that there is not", at="billing", properties="policy")
def misspelt_capability(program):
    opening(program, 'path "kv/dev/billing/data/*" { capabilities = ["Read"] }')


@cases.holds("It opens its own mount")
def own_mount(program):
    mounts(program, "kv/dev/billing", "kv/dev/reports")
    opening(program, f'# of billing\n{OWN}\npath "kv/dev/billing/metadata/*" {{ capabilities = ["read", "list"] }}')


@cases.holds("It is written as JSON")
def as_json(program):
    mounts(program, "kv/dev/billing")
    opening(program, json.dumps({"path": {"kv/dev/billing/data/database": {"capabilities": ["read"]}}}))


@cases.holds("A + stands for one secret inside the service's own mount")
def plus_inside(program):
    mounts(program, "kv/dev/billing")
    opening(program, 'path "kv/dev/billing/data/+/password" { capabilities = ["read"] }')


@cases.holds("It opens its own part of a mount that a team divided", settings=PATHS)
def own_part(program):
    mounts(program, "secret")
    opening(program, 'path "secret/data/billing/*" { capabilities = ["read"] }')


@cases.holds("The mount of a service has the environment at its end")
def environment_at_the_end(program):
    mounts(program, "kv/billing/dev")
    opening(program, 'path "kv/billing/dev/data/*" { capabilities = ["read"] }')


@cases.holds("It only denies, with a wildcard", cites="checkov#4394")
def denies(program):
    opening(program, f'{OWN}\npath "*" {{ capabilities = ["deny"] }}')


@cases.holds("It lets its holder renew and revoke itself")
def self_paths(program):
    opening(program, "\n".join(f'path "auth/token/{verb}-self" {{ capabilities = ["update"] }}' for verb in ("renew", "lookup", "revoke")))


@cases.holds("It lets its holder encrypt and take database logins")
def other_engines(program):
    rules = ('path "transit/encrypt/billing"', 'path "database/creds/billing"')
    opening(program, "\n".join(f'{one} {{ capabilities = ["read", "update"] }}' for one in rules))


@cases.holds("Version 1 of KV has no data/")
def version_1(program):
    mounts(program, "kv/dev/billing", options={})
    opening(program, 'path "kv/dev/billing/database" { capabilities = ["read"] }')


@cases.cannot_decide("It comes from get_policy_document", at="billing", properties="policy")
def from_an_invoke(program):
    opening(program, program.later(OWN))


@cases.cannot_decide("Its name is not known yet", at="billing", properties="name", when=ALWAYS)
def name_unknown(program):
    program.add("vault:index/policy:Policy", "billing", {"name": UNKNOWN, "policy": OWN})


@cases.cannot_decide("The version of its mount is not known yet", at="billing", properties="policy", when=ALWAYS)
def version_unknown(program):
    mounts(program, "kv/dev/billing", options=UNKNOWN)
    opening(program, 'path "kv/dev/billing/database" { capabilities = ["read"] }')


@cases.cannot_decide("Where a mount is is not known yet", at="billing", properties="policy", when=ALWAYS)
def mount_unknown(program):
    program.add("vault:index/mount:Mount", "kv", {"path": UNKNOWN, "type": "kv"})
    opening(program, OWN)
