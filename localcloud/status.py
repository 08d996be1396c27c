"""`status`: what runs, what is dead, and the way out."""

from localcloud import environment
from localcloud.cloud import Cloud
from localcloud.errors import LocalCloudError
from localcloud.stack import STACK, Stack


def status(cloud: Cloud) -> int:
    """Prints the state of each part and of the stack; gives 1 when something is down, else 0."""
    if not cloud.directory.exists:
        raise LocalCloudError(f"there is no local cloud in {cloud.directory.path}. `make up` starts one.")
    print(f"local cloud in {cloud.directory.path}")
    parts = cloud.parts()
    for part in parts:
        state = {
            "runs": f"runs    port {part.port}, process {part.pid}",
            "dead": "DEAD    it was started and is gone; its data are kept",
            "stopped": "stopped",
        }[part.state]
        print(f"  {part.title:<12}{state:<50} log {cloud.log_of(part.name)}")
    if any(part.state != "runs" for part in parts):
        print("`make up` brings it back with its data; `make down` removes it.")
        return 1
    deployed = Stack(cloud.directory, environment.applied(environment.online(cloud))).exported().get("resources")
    print(f"  stack {STACK:<6}" + (f"{len(deployed)} resources" if deployed else "not deployed: `make up` does"))
    return 0 if deployed else 1
