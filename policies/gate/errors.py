"""What goes wrong in the gate itself. No message holds a value."""


class GateError(Exception):
    """Something that a person can mend; its text says how."""
