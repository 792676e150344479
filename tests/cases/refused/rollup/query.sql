-- ROLLUP is not translated.
SELECT n, COUNT(*) AS x FROM UNNEST([1]) AS n GROUP BY ROLLUP(n)
