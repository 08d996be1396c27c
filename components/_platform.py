"""What a function runs on: Lambda's Python, on one of its two kinds of processors."""

from dataclasses import dataclass

RUNTIMES = ("python3.13", "python3.14")
"""Lambda's runtimes that functions are tested on; the first is the default."""

ARCHITECTURES = ("arm64", "x86_64")
"""Processors, as Lambda calls them; the first is the default."""

# The C library of Amazon Linux 2023, which both runtimes stand on, and the oldest one that a wheel for Python 3 was built for.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
_GLIBC, _OLDEST_GLIBC = 34, 17
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_FIRST_STABLE_ABI = 2


@dataclass(frozen=True)
class Platform:
    """One runtime on one architecture, and the wheels that it takes."""

    runtime: str
    architecture: str

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"

    @property
    def python(self) -> str:
        """The version of Python, e.g. `3.13`."""
        return self.runtime.removeprefix("python")

    @property
    def machine(self) -> str:
        """The processor as wheels and the kernel call it."""
        return _MACHINES[self.architecture]

    @property
    def places(self) -> list[str]:
        """What a wheel with machine code may have been built for, the newest first."""
        machine = self.machine
        return [*(f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC, _OLDEST_GLIBC - 1, -1)), f"manylinux2014_{machine}"]

    def takes(self, tag: str) -> bool:
        """Says whether a wheel with this tag runs here, e.g. `cp311-abi3-manylinux_2_34_x86_64`."""
        interpreter, abi, place = tag.split("-")
        if place == "any":
            return (interpreter, abi) == ("py3", "none")
        minor = int(self.python.removeprefix("3."))
        stable = {f"cp3{older}" for older in range(_FIRST_STABLE_ABI, minor + 1)}
        return place in self.places and (
            (interpreter, abi) in {("py3", "none"), (f"cp3{minor}", f"cp3{minor}")} or (interpreter in stable and abi == "abi3")
        )


PLATFORMS = tuple(Platform(runtime, architecture) for runtime in RUNTIMES for architecture in ARCHITECTURES)
"""Every platform that bundles are built for ahead of time."""
