"""The one error of the local cloud that a person sees: what is wrong and the way out, without a traceback."""


class LocalCloudError(Exception):
    """Says in one or two sentences what went wrong and what to do; commands print it and exit with 1."""
