"""What a person sees at the end of `make up`: what runs now, and what to do with it."""

from datetime import datetime
from typing import Any


def show(*, output: dict[str, Any], strategies: dict[str, str], rotated: dict[str, datetime | None], seconds: float, changed: bool) -> None:
    """Prints services, roles and secrets, the time that it took and how to go on.

    Args:
        output: the stack's outputs.
        strategies: strategy of each secret, by physical name.
        rotated: time of each secret's last rotation, by physical name.
        seconds: how long `up` took.
        changed: whether it changed anything.
    """
    services: dict[str, Any] = output.get("services", {})
    print()
    for line in _table(services, strategies, rotated):
        print(line)
    print()
    for service, made in sorted(services.items()):
        print(f"{service} reads with the role {made.get('roleArn')}")
    print(f"\nThe local cloud is {'up and deployed' if changed else 'up; nothing to change'} ({seconds:.0f} s). How to go on:")
    one = next((secret["name"] for made in services.values() for secret in made.get("secrets", {}).values()), None)
    for command, does in (
        ('eval "$(make -s env)"', "gives this shell the engine, the cloud and its administrator"),
        (f"keyturn rotate {one or '<environment>/<service>/<secret>'}", "then rotates now and shows the steps"),
        ("pulumi up --stack local --policy-pack policies", "then deploys a change by hand"),
        ("make status", "says what runs"),
        ("make down", "stops and removes everything"),
    ):
        print(f"  {command:<48} {does}")


def _table(services: dict[str, Any], strategies: dict[str, str], rotated: dict[str, datetime | None]) -> list[str]:
    rows = [("service", "secret", "kind", "strategy", "rotation", "last rotated")]
    for service, made in sorted(services.items()):
        for secret in made.get("secrets", {}).values():
            name, last = secret["name"], rotated.get(secret["name"])
            every = f"every {secret['rotation']}" if secret.get("rotation") else ""
            when = f"{last:%Y-%m-%d %H:%M:%S}" if last else "never"
            rows.append((service, name, secret.get("kind", ""), strategies.get(name, ""), every, when))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
