"""The IAM user `administrator`: who the person is on this local AWS, so that nobody needs root."""

import json
from pathlib import Path
from typing import Any

from ministack import app as ministack
from ministack.services import iam

NAME = "administrator"
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def ensure_administrator(file: Path) -> None:
    """Makes the user, its policy and the access key in `file` what they should be; does nothing when they are."""
    kept = _kept(file)
    key = iam._access_keys.get(kept.get("accessKeyId", "")) or {}
    if key.get("UserName") == NAME and key.get("SecretAccessKey") == kept.get("secretAccessKey"):
        return
    if NAME not in iam._users:
        iam._create_user({"UserName": [NAME]})
    iam._user_inline_policies[NAME] = {"everything": json.dumps(_EVERYTHING)}
    for stale in [name for name, record in iam._access_keys.items() if record.get("UserName") == NAME]:
        del iam._access_keys[stale]
    before = set(iam._access_keys)
    iam._create_access_key({"UserName": [NAME]})
    (made,) = set(iam._access_keys) - before
    _keep(file, {"accessKeyId": made, "secretAccessKey": iam._access_keys[made]["SecretAccessKey"]})


def load_iam() -> None:
    """Loads the service, so that what it holds is saved even before the first call to it."""
    ministack._get_module("iam")


def _kept(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return {}


def _keep(file: Path, content: dict[str, str]) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(content))  # the process's umask leaves it to its owner
    beside.replace(file)
