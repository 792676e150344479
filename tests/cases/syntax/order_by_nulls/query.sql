-- NULL is the least: first when ascending, last when descending, unless said. So it is in windows and aggregates.
-- Note: NaN comes after all numbers here, before them there.
SELECT
  v,
  ROW_NUMBER() OVER (ORDER BY v) AS up, ROW_NUMBER() OVER (ORDER BY v DESC) AS down,
  ROW_NUMBER() OVER (ORDER BY v NULLS LAST) AS up_nulls_last, ROW_NUMBER() OVER (ORDER BY v DESC NULLS FIRST) AS down_nulls_first
FROM UNNEST([2, NULL, 1, 3]) AS v
ORDER BY v DESC NULLS FIRST
