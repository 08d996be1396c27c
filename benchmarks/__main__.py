"""Runs every benchmark, one after the other: `make bench`, or `python -m benchmarks`. Takes some ten minutes on two cores."""

from benchmarks import components_vs_plain, policy_pack, rotation_bundle

for benchmark in (rotation_bundle, policy_pack, components_vs_plain):
    benchmark.main()
