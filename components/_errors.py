"""What keeps a component from being made, besides an argument that is wrong."""


class BundleError(Exception):
    """Says what keeps the function from being packed, and the way out."""
