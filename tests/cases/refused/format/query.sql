-- FORMAT writes numbers in ways DuckDB does not.
SELECT
  FORMAT('%.2f', 1.5) AS x
