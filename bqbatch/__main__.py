"""`python -m bqbatch` is the `bqbatch` command."""

from bqbatch.cli import main

main(prog_name="bqbatch")
