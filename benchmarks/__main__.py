"""Runs every benchmark, one after the other: `make bench`, or `python -m benchmarks`. Takes some fifteen minutes on two cores."""

from benchmarks import components_vs_plain, policy_pack, rotation_bundle, rotation_clients

for benchmark in (rotation_bundle, rotation_clients, policy_pack, components_vs_plain):
    benchmark.main()
