"""Benches: they print ratios within one run, and never fail on time. `make bench` runs them all."""
