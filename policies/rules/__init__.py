"""One rule a file. A new file here is a new rule: nothing else lists them."""

from importlib import import_module
from pkgutil import iter_modules

from policies.pack.rule import Rule


def rules() -> list[Rule]:
    """Gives all rules, in the order of their names.

    Raises:
        TypeError: a file does not hold a rule named like itself.
    """
    found: list[Rule] = []
    for name in sorted(module.name for module in iter_modules(__path__)):
        policy = getattr(import_module(f"{__name__}.{name}"), "policy", None)
        if not isinstance(policy, Rule) or policy.name != name.replace("_", "-"):
            raise TypeError(f"policies/rules/{name}.py must hold `policy`, the rule {name.replace('_', '-')!r}")
        found.append(policy)
    return found
