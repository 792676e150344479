"""Google Cloud on this machine: the part of its REST surface that bqbatch's clients use, over HTTP on 127.0.0.1."""
