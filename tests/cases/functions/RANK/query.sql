-- Ranks with gaps: equal rows share one. NULL comes first.
SELECT v, RANK() OVER (ORDER BY v) AS up, RANK() OVER (ORDER BY v DESC) AS down
FROM UNNEST([3, 1, 1, NULL, 7]) AS v
ORDER BY v, up
