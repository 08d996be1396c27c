"""Secrets under control: applications read them, people operate them; the stack declares them.

`keyturn.names` and `keyturn.catalogue` hold the vocabulary, `keyturn.cli` the command line.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("keyturn")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "unknown"
