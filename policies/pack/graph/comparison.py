"""What several Pulumi stacks have in common and should not: a secret, a key, a role of Vault."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations

from policies.pack.graph.facts import Facts, UsedKey, VaultRole
from policies.pack.graph.manifest import StackFacts
from policies.pack.graph.patterns import match
from policies.pack.graph.shared_secrets import SharedSecrets
from policies.pack.graph.sharing import Sharing, place


class Allowed(Facts):
    """Something that stacks share on purpose."""

    name: str
    """Name of the secret, text of the key, or path of the role in Vault; `*` is any text."""
    stacks: tuple[str, ...]
    """The stacks that share it, as `<project>/<stack>`; `*` is any text."""
    reason: str
    """Why, in words that a reviewer understands."""
    until: date
    """Last day on which it counts."""

    def covers(self, sharing: Sharing, today: date) -> bool:
        """Tells whether all the stacks of a sharing may share what they share."""
        stacks = {f"{one.stack[0]}/{one.stack[1]}" for one in sharing.places}
        return (
            today <= self.until
            and bool(sharing.name and match(self.name, sharing.name))
            and all(any(match(pattern, stack) for pattern in self.stacks) for stack in stacks)
        )


def shared(stacks: Iterable[StackFacts], allowed: Sequence[Allowed] = (), *, today: date) -> list[Sharing]:
    """Gives what the stacks share and should not. Of two manifests of one stack the first counts.

    Args:
        stacks: facts of several stacks.
        allowed: what they share on purpose.
        today: the day on which what is allowed has to count still.
    """
    by_key: dict[tuple[str, str], StackFacts] = {}
    for stack in stacks:
        by_key.setdefault(stack.key, stack)
    every = list(by_key.values())
    if len(every) < 2:
        return []
    found = (*SharedSecrets(every).found(), *_keys(every), *_vault_roles(every))
    return [sharing for sharing in found if not any(one.covers(sharing, today) for one in allowed)]


def _keys(stacks: list[StackFacts]) -> Iterator[Sharing]:
    """Gives the keys that stacks of more than one environment use."""
    users: defaultdict[str, list[tuple[StackFacts, UsedKey]]] = defaultdict(list)
    for stack in stacks:
        for used in stack.keys:
            users[_id_of(used.key) if used.key else ""].append((stack, used))
    for unknown in users.pop("", ()):
        if any(stack.keys for stack in stacks if stack is not unknown[0]):
            text = f"the key of {unknown[1].label} is not known yet, and with it whether other stacks use it"
            yield Sharing("", text, (place(*unknown, "kmsKeyId"),), is_certain=False)
    for key, using in users.items():
        if len({stack.key for stack, _ in using}) > 1:
            yield from _one_key(key, using)


def _one_key(key: str, using: list[tuple[StackFacts, UsedKey]]) -> Iterator[Sharing]:
    # Of one environment and stack, one is enough to say it.
    one_each = list({(stack.key, used.environment, used.is_known): (stack, used) for stack, used in using}.values())
    for (stack, used), (other_stack, other) in combinations(one_each, 2):
        is_known = used.is_known and other.is_known and None not in (used.environment, other.environment)
        if stack is other_stack or (is_known and used.environment == other.environment):
            continue
        where = f"{used.label} of {stack.label} and {other.label} of {other_stack.label}"
        why = "which belong to two environments" if is_known else "and whether they belong to one environment is not known"
        # An alias means another key in each account and region.
        is_certain = is_known and "alias/" not in key
        places = (place(stack, used, "kmsKeyId"), place(other_stack, other, "kmsKeyId"))
        yield Sharing(key, f"one key encrypts {where}, {why}", places, is_certain=is_certain)


def _id_of(key: str) -> str:
    """Gives what tells a key from others: its id, which no other key has, or its alias."""
    return key.rpartition("key/")[2] if "alias/" not in key else f"alias/{key.partition('alias/')[2]}"


def _vault_roles(stacks: list[StackFacts]) -> Iterator[Sharing]:
    """Gives the roles of Vault that more than one stack makes."""
    makers: defaultdict[str, list[tuple[StackFacts, VaultRole]]] = defaultdict(list)
    for stack in stacks:
        for role in stack.vault_roles:
            makers[role.name or ""].append((stack, role))
    for stack, role in makers.pop("", ()):
        if any(other.vault_roles for other in stacks if other is not stack):
            text = f"the name of {role.label} is not known yet, and with it whether another stack makes the same role"
            yield Sharing("", text, (place(stack, role, "roleName"),), is_certain=False)
    for name, making in makers.items():
        for (stack, role), (other_stack, other) in combinations(making, 2):
            is_certain = role.server is not None and role.server == other.server
            if stack is not other_stack and (is_certain or None in (role.server, other.server)):
                said = "are one role of Vault" if is_certain else "may be one role of Vault: on which server they are is not known"
                text = f"{role.label} of {stack.label} and {other.label} of {other_stack.label} {said}"
                yield Sharing(name, text, (place(stack, role, "roleName"), place(other_stack, other, "roleName")), is_certain=is_certain)
