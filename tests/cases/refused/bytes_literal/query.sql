-- BYTES are made by a function.
SELECT b'abc' AS x
