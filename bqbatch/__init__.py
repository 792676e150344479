"""bqbatch: ask a language model about every row of a table, as a query."""

__version__ = "0.1.0"
