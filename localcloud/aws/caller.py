"""Who is calling: the access key of the request that is being served, for checks that a service makes as the caller."""

import contextvars
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region

access_key: contextvars.ContextVar[str] = contextvars.ContextVar("caller_access_key", default="")


def may(action: str, service: str, resource: str, context: dict[str, Any] | None = None) -> bool:
    """Says whether the caller is allowed `action` on `resource`; without a caller, nothing is."""
    key = access_key.get()
    return bool(key) and iam_evaluator.enforce(key, action, service, get_region(), resource_arn=resource, service_context=context) is None
