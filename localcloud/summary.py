"""What a person sees at the end of `make up`: what runs now, and what to do with it."""

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table


def show(*, output: dict[str, Any], strategies: dict[str, str], rotated: dict[str, datetime | None], seconds: float, changed: bool) -> None:
    """Prints services, roles and secrets, the time that it took and how to go on.

    Args:
        output: the stack's outputs.
        strategies: strategy of each secret, by physical name.
        rotated: time of each secret's last rotation, by physical name.
        seconds: how long `up` took.
        changed: whether it changed anything.
    """
    console = Console(highlight=False, soft_wrap=True)
    services: dict[str, Any] = output.get("services", {})
    console.print()
    console.print(_table(services, strategies, rotated))
    for service, made in sorted(services.items()):
        console.print(f"  {service} reads with the role {made.get('roleArn')}", markup=False)
    console.print()
    done = "up and deployed" if changed else "up; nothing to change"
    console.print(f"The local cloud is {done} ({seconds:.0f} s). How to go on:", markup=False)
    one = next((secret["name"] for made in services.values() for secret in made.get("secrets", {}).values()), None)
    for command, does in (
        ('eval "$(make -s env)"', "gives this shell the engine, the cloud and its administrator"),
        (f"keyturn rotate {one or '<environment>/<service>/<secret>'}", "rotates now and shows the steps"),
        ("pulumi up --stack local --policy-pack policies", "deploys a change by hand"),
        ("make status", "says what runs"),
        ("make down", "stops and removes everything"),
    ):
        console.print(f"  {command:<48} {does}", markup=False)


def _table(services: dict[str, Any], strategies: dict[str, str], rotated: dict[str, datetime | None]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for heading in ("service", "secret", "kind", "strategy", "rotation", "last rotated"):
        table.add_column(heading, no_wrap=True)
    for service, made in sorted(services.items()):
        for secret in made.get("secrets", {}).values():
            name = secret["name"]
            last = rotated.get(name)
            table.add_row(
                service,
                name,
                secret.get("kind", ""),
                strategies.get(name, ""),
                f"every {secret['rotation']}" if secret.get("rotation") else "",
                f"{last:%Y-%m-%d %H:%M:%S}" if last else "never",
            )
    return table
