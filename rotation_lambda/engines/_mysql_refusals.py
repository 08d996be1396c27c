"""What a refusal of MySQL or MariaDB means for a rotation, by its number. The server's own words may repeat what was sent."""

from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    PolicyError,
    RotationError,
)


class NotPrimaryError(ConflictError):
    """The password that was to be replaced is not the user's primary one: another session, or an abandoned rotation, set that."""


# The driver's own: the connection ended early.
BROKEN_OFF = frozenset({0, 2003, 2006, 2013, 2014})
_NOT_ACCEPTED = frozenset({1045, 1698})
_OF_THE_PASSWORD_ITSELF = frozenset({1372, 1819, 3638})

# https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html and https://mariadb.com/docs/server/reference/error-codes
_NUMBERS: tuple[tuple[frozenset[int], type[RotationError], str], ...] = (
    (frozenset({1130, 3118, 3955, 4151}), PermissionRefusedError, "may not log in: its account is locked, or bound to other hosts"),
    (frozenset({1820, 1862}), PermissionRefusedError, "has a password that expired; set it by hand, and let it rotate before it expires"),
    (frozenset({1044}), PermissionRefusedError, "has no right in the database; grant it one, or look at 'database' in the declaration"),
    (
        # The first and the last are what a refused GRANT says, too.
        frozenset({1045, 1131, 1132, 1142, 1143, 1211, 1227, 1370, 1410, 1698}),
        PermissionRefusedError,
        "is not allowed to do what a rotation needs",
    ),
    (frozenset({1049}), ConfigurationError, "finds no such database on the server; look at 'database' in the declaration"),
    (
        frozenset({1193}),
        ConfigurationError,
        "is on a server that the declared kind does not fit; MySQL 8.0.19 and MariaDB 10.4 are the oldest",
    ),
    (
        frozenset({1290, 1792, 1836, 3100}),
        ConfigurationError,
        "is on a server that takes no changes now; name the writer as 'host', and look at its options",
    ),
    (frozenset({1251, 1275, 1524, 2059}), ConfigurationError, "logs in by a plugin that the server or the function does not have"),
    (
        frozenset(
            {0, 1040, 1041, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927, 2003, 2006, 2013, 2014, 3032, 3169, 4031}
        ),
        NetworkError,
        "is turned away or cut off: the server is starting, stopping or full, or has blocked the function's address",
    ),
    (frozenset({3891}), NotPrimaryError, "has another password in force than the one that is to be replaced"),
    (
        frozenset({1133, 1141, 1205, 1213, 1317, 1396, 1969, 3024, 3058, 3162, 3523}),
        ConflictError,
        "needs what another session holds or changes; it is tried again",
    ),
)


def refusal(number: int | None, whose: str) -> RotationError:
    """Gives the error for a statement; without a number there was no answer."""
    if number is None:
        return NetworkError(f"the session of {whose} broke off or did not answer in time")
    for numbers, error_class, text in _NUMBERS:
        if number in numbers:
            return error_class(f"{whose} {text} ({number})")
    return ConfigurationError(f"{whose}: the server refuses a statement (error {number})")


def refusal_of_a_password(number: int | None, whose: str) -> RotationError:
    """Gives the error for a statement that sets a password."""
    if number in _OF_THE_PASSWORD_ITSELF:
        return PolicyError(f"the server's password policy refuses the new password, set by {whose} ({number}); align it, then rotate")
    return refusal(number, whose)


def refusal_of_a_login(number: int, whose: str) -> RotationError:
    """Gives the error for a login: the one place where a wrong password shows."""
    if number in _NOT_ACCEPTED:
        return AuthenticationError(f"{whose} is not accepted by the server with this password ({number})")
    return refusal(number, whose)
