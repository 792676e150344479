-- A directive that DuckDB writes otherwise.
SELECT
  FORMAT('%T', 'x') AS x
