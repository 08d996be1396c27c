"""Keys that sign tokens: every verifier has had the time to learn of a key before the first token that it signs.

The current value holds the private key that signs, the public half of the one that signs after the next rotation, and those former
ones of which a token may still live. The next private key lies in the version labelled AWSNEXT: who steals the current value cannot
sign with it. A rotation lets the announced key sign and announces another, which is stored before anything tells of it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._jwk import Jwk, fitting, held, thumbprint
from rotation_lambda.engines._signing_jwk import (
    ALGORITHMS,
    DEFAULT_RSA_BITS,
    LEAST_RSA_BITS,
    MOST_RSA_BITS,
    new_key,
    prove,
    public_half,
)
from rotation_lambda.engines._signing_keys import SigningKeys
from rotation_lambda.errors import ConfigurationError, ConflictError
from rotation_lambda.targets import Target

_YEAR_SECONDS, _WEEK_SECONDS, _HOUR_SECONDS = 31_536_000, 604_800, 3_600


def describe(target: Target, current: Value | None) -> Value:  # noqa: ARG001 - nothing of the value is no secret
    """Gives nothing: the value is all there is."""
    _Settings.of(target)
    return {}


def generate(target: Target, known: Known, deadline: Deadline) -> Value:  # noqa: ARG001 - an invocation that is late stores nothing
    """Gives the next keys, of which the announced one is stored already.

    Raises:
        ConflictError: not every verifier has had the time to learn of the key whose turn it is.
    """
    settings, now = _Settings.of(target), int(time.time())
    before = held(known)
    keys = SigningKeys.of(before, target.secret) if before else None
    published = keys.published(known.since) if keys else None
    signer = keys.signer if keys and keys.signer["kid"] not in settings.revoked else None
    turn = _whose_turn(keys, known, settings, target.secret)

    # Without a rotation that ended after the key was announced nobody knows since when it is: it is announced once more, and waits.
    # Only when the current key must not sign any longer, the time at which it was made has to do.
    if turn and (published is not None or signer is None):
        _wait_for_verifiers(max(turn.get("iat", 0), published or 0) + settings.verifier_cache, now, target.secret)
        candidates, following = [turn, signer], new_key(settings.algorithm, rsa_bits=settings.rsa_bits, now=now)
    else:
        candidates, following = [signer], turn or new_key(settings.algorithm, rsa_bits=settings.rsa_bits, now=now)
    following = _kept_ahead(known, following, target.secret)
    # What is kept may be another invocation's, of one that saw other labels. Whatever it is, it is only announced now.
    signer = next((key for key in candidates if key and thumbprint(key) != thumbprint(following)), None)
    signer = signer or new_key(settings.algorithm, rsa_bits=settings.rsa_bits, now=now)

    former = _former(keys, published=published or now, overlap=settings.overlap, now=now) if keys else ()
    new = {thumbprint(signer), thumbprint(following)}
    stay = tuple(key for key in former if thumbprint(key) not in new and key["kid"] not in settings.revoked)
    return fitting(
        SigningKeys(signer, following, stay).written(),
        known.current,
        secret=target.secret,
        way_out="rotate less often, or let tokens live shorter ('tokenLifeSeconds')",
    )


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    """Nothing is set: who signs reads the secret, who verifies reads its public view."""


def verify(target: Target, pending: Value, deadline: Deadline) -> None:  # noqa: ARG001 - there is no server to wait for
    """Signs with the first key, verifies with its public half, and checks that the others show no private one."""
    keys = SigningKeys.of(pending, target.secret)
    prove(keys.signer, f"key 1 of {target.secret}")
    if keys.announced is None:
        raise ConfigurationError(f"the value of {target.secret} announces no next key; rotate, which keeps the key that signs and adds one")


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Nothing is left over: a key that was never announced is known to nobody."""


def _whose_turn(keys: SigningKeys | None, known: Known, settings: "_Settings", secret: str) -> Jwk | None:
    """Gives the announced key with its private half; nothing when none is announced, or when it is lost or must not sign."""
    ahead = known.ahead.announced() if keys else None
    if keys is None or ahead is None:
        return None
    key = SigningKeys.of(ahead, secret).signer
    return key if keys.announces(key) and key["kid"] not in settings.revoked else None


def _wait_for_verifiers(learnt: int, now: int, secret: str) -> None:
    if now < learnt:
        raise ConflictError(
            f"the next key of {secret} may sign from {datetime.fromtimestamp(learnt, UTC):%Y-%m-%d %H:%M:%S} UTC on, when every verifier"
            f" has had the time to learn of it ('verifierCacheSeconds'); rotate then"
        )


def _kept_ahead(known: Known, key: Jwk, secret: str) -> Jwk:
    kept = SigningKeys.of(known.ahead.keep({"keys": [key]}), secret).signer
    prove(kept, f"the next key of {secret}")  # before anybody is told of it
    return kept


def _former(keys: SigningKeys, *, published: int, overlap: int, now: int) -> Iterator[Jwk]:
    """Gives all that verifies tokens of before, whoever signs next; each but the last signer with its end."""
    yield public_half(keys.signer)
    # Not its turn after all: lost or called back. It may have signed if somebody moved AWSCURRENT by hand.
    if keys.announced:
        yield {**public_half(keys.announced), "exp": now + overlap}
    yield from keys.still_verifying(published=published, overlap=overlap, now=now)


@dataclass(frozen=True)
class _Settings:
    algorithm: str
    rsa_bits: int
    token_life: int
    verifier_cache: int
    revoked: tuple[str, ...]

    @classmethod
    def of(cls, target: Target) -> Self:
        algorithm = target.one_of("algorithm", ALGORITHMS)
        size = ("rsaBits",) if algorithm == "RS256" else ()
        target.knows_only("algorithm", "tokenLifeSeconds", "verifierCacheSeconds", "revoked", *size)
        bits = target.whole_number("rsaBits", least=LEAST_RSA_BITS, most=MOST_RSA_BITS, default=DEFAULT_RSA_BITS)
        if bits % 256:
            raise ConfigurationError(f"the target {target.secret} needs 'rsaBits' that 256 divides: 2048, 3072 or 4096 as a rule")
        return cls(
            algorithm=algorithm,
            rsa_bits=bits,
            token_life=target.whole_number("tokenLifeSeconds", least=1, most=_YEAR_SECONDS),
            verifier_cache=target.whole_number("verifierCacheSeconds", least=1, most=_WEEK_SECONDS, default=_HOUR_SECONDS),
            revoked=target.texts("revoked"),
        )

    @property
    def overlap(self) -> int:
        """How long a key that was replaced must stay: old copies of the value still sign for a while, and then the last token lives on."""
        return self.token_life + self.verifier_cache
