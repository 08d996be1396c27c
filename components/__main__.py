"""Hosts every public component for stacks that are written in another language."""

from importlib.metadata import version

from pulumi import ComponentResource
from pulumi.provider.experimental import component_provider_host

import components

HOSTED = [found for found in (getattr(components, name) for name in components.__all__) if issubclass(found, ComponentResource)]

if __name__ == "__main__":
    component_provider_host(HOSTED, "keyturn", version=version("keyturn"))
