"""One line a step: what an operator, `keyturn rotate` and a metric read."""

import json
import sys
import time

from rotation_lambda.errors import RotationError


def report(
    *, secret: str | None, version: str | None, step: str | None, outcome: str, error: RotationError | None, milliseconds: int
) -> None:
    """Prints one JSON object, which is also an embedded metric: failures and duration by secret."""
    line: dict[str, object] = {
        "keyturn": "rotation",
        "secret": secret,
        "version": version,
        "step": step,
        "outcome": outcome,
        "errorClass": error.error_class if error else None,
        "message": str(error) if error else None,
        "milliseconds": milliseconds,
        "failures": 1 if error else 0,
    }
    if secret is not None:
        metrics = [{"Name": "failures", "Unit": "Count"}, {"Name": "milliseconds", "Unit": "Milliseconds"}]
        line["_aws"] = {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [{"Namespace": "Keyturn", "Dimensions": [["secret"]], "Metrics": metrics}],
        }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
