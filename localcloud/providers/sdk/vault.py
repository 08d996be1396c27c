"""Previews of Vault's resources, with the function that writes a policy in Vault's own language."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from localcloud.providers.provider import Checked, Failure
from localcloud.providers.sdk.provider import PreviewProvider

_CAPABILITIES = {"create", "read", "update", "delete", "list", "sudo", "deny", "patch", "subscribe", "recover"}
_LISTS = {"requiredParameters": "required_parameters", "subscribeEventTypes": "subscribe_event_types"}
_PARAMETERS = {"allowedParameters": "allowed_parameters", "deniedParameters": "denied_parameters"}
_TEXTS = {"minWrappingTtl": "min_wrapping_ttl", "maxWrappingTtl": "max_wrapping_ttl"}


class VaultProvider(PreviewProvider):
    """Serves previews of the package `vault`."""

    def __init__(self) -> None:
        super().__init__("vault")
        self.functions = {"vault:index/getPolicyDocument:getPolicyDocument": policy_document}


def policy_document(arguments: Mapping[str, Any]) -> Checked:
    """Gives the policy as the real function writes it."""
    rules = arguments.get("rules") or ()
    failures = [
        Failure(f"rules[{index}].capabilities", f"must be of {', '.join(sorted(_CAPABILITIES))}")
        for index, rule in enumerate(rules)
        if not set(rule.get("capabilities") or ()) <= _CAPABILITIES
    ]
    if failures:
        return Checked({}, failures)
    hcl = "\n".join(_rule(rule) for rule in rules)
    return Checked({**arguments, "hcl": hcl, "id": str(zlib.crc32(hcl.encode()))}, ())


def _rule(rule: Mapping[str, Any]) -> str:
    lines = [f"# {rule['description']}"] if rule.get("description") else []
    lines += [f"path {json.dumps(rule['path'])} {{", f"  capabilities = {json.dumps(list(rule.get('capabilities') or ()))}"]
    lines += [f"  {key} = {json.dumps(rule[name])}" for name, key in {**_LISTS, **_TEXTS}.items() if rule.get(name)]
    for name, key in _PARAMETERS.items():
        if parameters := rule.get(name):
            lines += [f"  {key} = {{", *(f"    {json.dumps(one['key'])} = {json.dumps(one['values'])}" for one in parameters), "  }"]
    return "\n".join([*lines, "}", ""])
