"""Runs every benchmark, one after the other: `make bench`, or `python -m benchmarks`. Takes some half an hour on two cores."""

from benchmarks import components_vs_plain, policy_pack, policy_replay, rotation_bundle, rotation_clients

for benchmark in (rotation_bundle, rotation_clients, policy_replay, policy_pack, components_vs_plain):
    benchmark.main()
