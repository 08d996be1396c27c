import sys

# Whoever starts a module here by hand may use another Python than the one that `make setup` checked.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Keyturn needs Python 3.11 or newer; this is %d.%d. Run: make setup PYTHON=python3.11" % sys.version_info[:2])  # noqa: UP031
