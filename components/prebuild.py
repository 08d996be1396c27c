"""Builds the code of every rotation function ahead of time, so that no deployment needs a network: `python -m components.prebuild`."""

import sys

from components._bundle import BundleError, bundle, engines
from components._platform import PLATFORMS


def main() -> int:
    """Builds each engine for each platform, with one line each; what `make setup` runs."""
    for engine in engines():
        try:
            built = {bundle(engine, {}, architecture=platform.architecture, runtime=platform.runtime) for platform in PLATFORMS}
        except BundleError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command's error
            return 1
        size = max(path.stat().st_size for path in built) / 1024
        places = "every platform" if len(built) == 1 else f"{len(built)} platforms"
        print(f"setup: code of the {engine} rotation for {places}, {size:.0f} KB", file=sys.stderr, flush=True)  # noqa: T201 - its progress
    return 0


if __name__ == "__main__":
    sys.exit(main())
