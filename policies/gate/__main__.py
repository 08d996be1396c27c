"""`python -m policies.gate`."""

from policies.gate.cli import main

main()
