"""The keys in a signing key's value, by what they do: one signs, one is announced, former ones still verify.

The first key signs. The announced one has the member `next`. A former one has `exp`, from when on nobody needs it, as soon as that
is known: when a value is made, it is not known yet when it will replace the one before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from rotation_lambda.engines import Value
from rotation_lambda.engines._jwk import Jwk, keys_in, thumbprint
from rotation_lambda.engines._signing_jwk import checked, public_half, signs, tells_private
from rotation_lambda.errors import ConfigurationError


@dataclass(frozen=True)
class SigningKeys:
    """The keys of one value."""

    signer: Jwk
    """With its private half."""
    announced: Jwk | None
    """What signs after the next rotation; its private half lies elsewhere, unless it is symmetric and so has but one."""
    former: tuple[Jwk, ...]

    @classmethod
    def of(cls, value: Value, secret: str) -> Self:
        """Reads a value.

        Raises:
            ConfigurationError: it is no set of keys of which the first signs, and no other one tells its private half.
        """
        keys = enumerate(keys_in(value, secret), start=1)
        signer, *others = [checked(key, f"key {number} of {secret}") for number, key in keys]
        if not signs(signer):
            raise ConfigurationError(f"key 1 of {secret} is to sign, and has no complete private half; put the private key first")
        if told := [key["kid"] for key in others if tells_private(key)]:
            raise ConfigurationError(
                f"the key {told[0]} of {secret} is not the first and shows its private half; leave only its public one"
            )
        announced = [key for key in others if key.get("next") is True]
        if len(announced) > 1:
            raise ConfigurationError(f"{secret} announces {len(announced)} keys, and one of them can be the next; rotate it once more")
        return cls(signer, announced[0] if announced else None, tuple(key for key in others if key not in announced))

    def written(self) -> list[Jwk]:
        """Gives the keys as a value has them; only the one that signs with its private half."""
        announced = [{**public_half(self.announced), "next": True}] if self.announced else []
        return [self.signer, *announced, *self.former]

    def announces(self, key: Jwk) -> bool:
        """Says whether that key is the announced one, whatever it is called."""
        return self.announced is not None and thumbprint(self.announced) == thumbprint(key)

    def published(self, since: datetime | None) -> int | None:
        """Gives a time by which the value certainly was current; nothing when no rotation that ended tells one.

        `since` is when one last ended. If that was before the announced key was made, it was another value's rotation: the one of
        this value was cut off after it had published it.
        """
        if self.announced is None or since is None or int(since.timestamp()) < self.announced.get("iat", 0):
            return None
        return int(since.timestamp())

    def still_verifying(self, *, published: int, overlap: int, now: int) -> Iterator[Jwk]:
        """Gives the former keys of which a token may still live, with the time from when on none does.

        A key that the value's own publication replaced signs nothing from then on, for longer than a copy of the value is kept.
        """
        for key in self.former:
            needed_until = key.get("exp", published + overlap)
            if needed_until > now:
                yield {**key, "exp": needed_until}
