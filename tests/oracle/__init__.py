"""Judges that decide what a statement means, independent of bqbatch's own reading of it."""
