-- The share of the other rows that are before a row.
SELECT v, PERCENT_RANK() OVER (ORDER BY v) AS share FROM UNNEST([1, 2, 2, 5, NULL]) AS v ORDER BY v
