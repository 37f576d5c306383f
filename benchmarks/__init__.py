"""Modalitty beside its peers on the same work: `python -m benchmarks`, see docs/performance.md."""
