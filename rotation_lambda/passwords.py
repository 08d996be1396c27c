"""New passwords, made where they are used: no service is asked for one, and none knows it."""

import secrets
import string

# What needs no quoting in a URL, a shell, .pgpass, an ADO string or YAML: consumers broke on the rest.
_SYMBOLS = "-_.~"
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SYMBOLS)


def new_password(*, length: int = 48) -> str:
    """Gives a random ASCII password with a letter first and all four classes in it; 48 characters hold 290 bits."""
    if not 16 <= length <= 128:
        raise ValueError("length must be 16 to 128 characters")
    while True:
        rest = (secrets.choice("".join(_CLASSES)) for _ in range(length - 1))
        password = secrets.choice(string.ascii_letters) + "".join(rest)
        if all(set(password) & set(characters) for characters in _CLASSES):
            return password
