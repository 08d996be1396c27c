"""Rotates a secret now, and says what came of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from keyturn.names import SecretName
from keyturn.operations.account import Account, RotationFunction
from keyturn.operations.errors import OperationError, RotationUnfinishedError
from keyturn.operations.rotation_log import RotationLog, Step
from keyturn.operations.screen import Screen
from keyturn.operations.secret import Secret
from keyturn.operations.watch import Clock, Ending, Pace, Watch

# Labels are eventually consistent: for a few seconds RotateSecret may still see one that was just taken away.
_TRIES_AFTER_CLEARING = 5


@dataclass(frozen=True)
class Rotation:
    """What is known of one rotation."""

    version: str
    previous: str | None
    """The version that was current when it began."""
    steps: Sequence[Step] = ()


class RotationFailedError(OperationError):
    """The rotation was begun and is not known to have succeeded; the message says what that means and what comes next."""

    def __init__(self, message: str, rotation: Rotation) -> None:
        super().__init__(message)
        self.rotation = rotation

    @property
    def step(self) -> Step | None:
        """The step that failed last, where the function could say so."""
        return next((step for step in reversed(self.rotation.steps) if step.failed), None)


class RotationLeftError(RotationFailedError):
    """The person stopped watching; the rotation goes on without this command."""


def rotate(account: Account, name: SecretName, *, pace: Pace, screen: Screen, clock: Clock | None = None) -> Rotation:
    """Rotates the secret and gives the finished rotation, after its new version has become current.

    A version that an earlier rotation left behind is first given the time to finish; then it loses AWSPENDING, and rotating begins anew.

    Raises:
        RotationFailedError: it began and failed, or could not be followed to its end.
        OperationError: it could not begin; nothing has changed.
    """
    clock = clock or Clock()
    secret = account.describe(str(name))
    _refuse_without_rotation(secret)
    function = account.rotation_function(secret.function_arn) if secret.function_arn else None
    log = RotationLog(account, function, now=clock.now())
    watch = Watch(account, function, log, pace=pace, screen=screen, clock=clock)
    begun = Rotation(version=str(uuid.uuid4()), previous=secret.current)

    _begin(account, secret, begun.version, watch, log, screen=screen, clock=clock)
    try:
        screen.say(f"Rotating {secret.name} in {account.region}: version {begun.version}")
        ending = watch.until_it_ends(secret, begun.version, alive=clock.now())
        after = account.describe(secret.arn)
    except OperationError as error:
        raise RotationFailedError(f"{error}\nThe rotation goes on without this command. {_look_again(secret, function)}", begun) from None
    except KeyboardInterrupt:
        raise RotationLeftError(
            f"Stopped watching. The rotation to version {begun.version} goes on in AWS. {_look_again(secret, function)}", begun
        ) from None
    rotation = Rotation(begun.version, after.previous if ending is Ending.CURRENT else begun.previous, log.steps(begun.version))
    if ending is Ending.CURRENT:
        return rotation
    raise RotationFailedError("\n".join(_report(ending, rotation, after, function, pace)), rotation)


def _refuse_without_rotation(secret: Secret) -> None:
    if secret.deleted:
        raise OperationError(
            f"{secret.name} is scheduled for deletion and cannot rotate. "
            f"`keyturn restore {secret.name}` brings it back, if that was a mistake."
        )
    if not secret.rotates:
        raise OperationError(
            f"{secret.name} has no rotation, or it was cancelled. Declare the secret with a kind that rotates in the stack file "
            "and run `pulumi up`, which also turns a cancelled rotation on again."
        )


def _begin(account: Account, secret: Secret, token: str, watch: Watch, log: RotationLog, *, screen: Screen, clock: Clock) -> None:
    try:
        account.begin_rotation(secret, token)
        return
    except RotationUnfinishedError:
        pass
    _clear_the_way(account, account.describe(secret.arn), watch, log, screen=screen, clock=clock)
    for _ in range(_TRIES_AFTER_CLEARING):
        try:
            account.begin_rotation(secret, token)
            return
        except RotationUnfinishedError:
            clock.sleep(1)
    raise OperationError(
        f"Secrets Manager still sees a rotation of {secret.name} under way. Somebody else may have begun one: try again in a minute."
    )


def _clear_the_way(account: Account, secret: Secret, watch: Watch, log: RotationLog, *, screen: Screen, clock: Clock) -> None:
    version = secret.unfinished
    if version is None:
        return  # it has finished since
    screen.say(f"An earlier rotation of {secret.name} is not complete: version {version} has AWSPENDING and is not current.")
    signs = [step.timestamp for step in log.new_steps(version)]
    if secret.changed:
        signs.append(secret.changed.timestamp())
    alive = max(signs, default=clock.now())
    if watch.patience_is_over(version, alive=alive) is None:
        screen.say("It may still be at work, so this command waits for it first.")
        if watch.until_it_ends(secret, version, alive=alive) in (Ending.CURRENT, Ending.ABANDONED):
            return
    account.take_pending_label(secret, version)
    screen.say(
        f"It has stopped. AWSPENDING is taken off version {version} (its value stays there, unlabelled), and the secret is rotated anew."
    )


def _report(ending: Ending, rotation: Rotation, secret: Secret, function: RotationFunction | None, pace: Pace) -> list[str]:
    failed = [step for step in rotation.steps if step.failed]
    lines = [f"{secret.name} was not rotated: {_cause(ending, failed, function, pace)}"]
    if secret.current is None:
        lines.append("No version is current yet: applications cannot read this secret until a rotation succeeds.")
    elif secret.current == rotation.version:
        lines.append("The new value is current already and may not work yet: rotate again when the cause is gone.")
    elif secret.current == rotation.previous:
        lines.append(f"The previous value stays current (version {secret.current}): applications go on reading it.")
    else:
        lines.append(f"Another version has become current meanwhile ({secret.current}).")
    if _password_may_have_changed(rotation, secret, function):
        lines.append(
            "This secret has a single user, and setSecret had succeeded: the database may know only the new password. Rotate again soon."
        )
    if "AWSPENDING" in secret.labels.get(rotation.version, ()):
        lines.append(
            f"Secrets Manager keeps AWSPENDING on version {rotation.version} and may repeat this rotation by itself{_due(secret)}."
        )
        lines.append(f"Mend the cause; then `keyturn rotate {secret.name}` takes that label away and rotates anew.")
    else:
        lines.append(f"Secrets Manager does not repeat this rotation{_due(secret)}. `keyturn rotate {secret.name}` begins another.")
    if ending in (Ending.SILENT, Ending.TIMED_OUT):
        lines.append(_look_again(secret, function))
    return lines


def _cause(ending: Ending, failed: Sequence[Step], function: RotationFunction | None, pace: Pace) -> str:
    if ending is Ending.ABANDONED:
        return "it was abandoned: it was cancelled, somebody wrote a value meanwhile, or the function gave up a value that cannot work."
    # A later attempt may fail of what the first one left behind: each different cause is told, in order.
    causes = dict.fromkeys(f"{step.step} failed ({step.error_class or 'unknown'}): {step.message or 'no message'}" for step in failed)
    told = "; then ".join(causes)
    if failed and ending is not Ending.TIMED_OUT:
        return f"{told}. Secrets Manager tried {'once' if len(failed) == 1 else f'{len(failed)} times'}."
    if ending is Ending.SILENT and function:
        return (
            f"nothing more was heard of the function {function.name}. It may have died before it could report: "
            "a missing network path, a time-out, an import that fails."
        )
    return f"it did not finish within {pace.timeout_seconds:.0f} s{f': {told}' if failed else ''}."


def _password_may_have_changed(rotation: Rotation, secret: Secret, function: RotationFunction | None) -> bool:
    was_set = any(step.step == "setSecret" and not step.failed for step in rotation.steps)
    return was_set and function is not None and function.strategies.get(secret.name) == "single-user"


def _due(secret: Secret) -> str:
    return f"; the next one is due on {secret.next_rotation.astimezone(UTC):%Y-%m-%d}" if secret.next_rotation else ""


def _look_again(secret: Secret, function: RotationFunction | None) -> str:
    steps = f"\n  aws logs tail {function.log_group} --since 15m" if function else ""
    return f"Look again with:\n  {describe_command(secret.name)}{steps}"


def describe_command(name: str) -> str:
    """Gives the line that shows which version of the secret is current."""
    return f"aws secretsmanager describe-secret --secret-id {name} --query VersionIdsToStages"
