"""`down`: everything stops; what the cloud held is removed, unless it is kept."""

from localcloud import processes
from localcloud.cache import cache_root
from localcloud.cloud import Cloud
from localcloud.errors import LocalCloudError
from localcloud.postgres import PostgreSQL
from localcloud.progress import say
from localcloud.stack import DEPLOYMENT
from localcloud.unprivileged import ELSEWHERE


def down(cloud: Cloud, *, keep: bool) -> None:
    """Stops every process of the cloud and removes its directory; asks nothing.

    Args:
        cloud: the cloud to end.
        keep: stop only, so that `up` starts it again with its data.
    """
    if not cloud.directory.exists:
        raise LocalCloudError(f"there is no local cloud in {cloud.directory.path}: nothing to stop, nothing to remove.")
    with cloud.directory.lock():
        deployment = processes.recorded(cloud.directory, DEPLOYMENT)
        if deployment and deployment.alive:
            processes.stop(deployment)
            say("  the deployment that was still running is ended")
        processes.forget(cloud.directory, DEPLOYMENT)
        stopped = cloud.stop()
        told = f"{' and '.join(stopped)} stopped" if stopped else "nothing was running"
        if keep:
            say(f"{told}; the data stay in {cloud.directory.path}. `make up` starts it again.")
            return
        PostgreSQL(cloud.directory).data.remove()
        cloud.directory.remove()
    say(f"{told}; {cloud.directory.path} is removed.")
    left = [".venv", f"{cache_root()} with the engine, AWS and the drivers"]
    if ELSEWHERE.exists():
        left.append(f"{ELSEWHERE} with PostgreSQL's programs or other clouds' data")
    say(f"Left: {', '.join(left)}. With these the next `make up` takes seconds.")
