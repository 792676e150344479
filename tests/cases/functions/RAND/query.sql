-- A number from 0 to below 1, another one in each row.
SELECT MIN(r) >= 0 AS from_zero, MAX(r) < 1 AS below_one, COUNT(DISTINCT r) > 90 AS differ, AVG(r) BETWEEN 0.2 AND 0.8 AS spread
FROM (SELECT RAND() AS r FROM UNNEST(GENERATE_ARRAY(1, 100)))
