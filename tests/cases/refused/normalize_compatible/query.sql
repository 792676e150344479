-- DuckDB knows one normal form.
SELECT NORMALIZE('ﬁ', NFKC) AS x
