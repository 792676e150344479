-- Whole numbers from one to another in steps.
SELECT a, b, GENERATE_ARRAY(a, b) AS by_one, GENERATE_ARRAY(a, b, 2) AS by_two, GENERATE_ARRAY(b, a, -3) AS down
FROM UNNEST([STRUCT(1 AS a, 5 AS b), (5, 1), (0, 0), (-2, 2), (NULL, 3), (4, NULL)])
ORDER BY a, b
