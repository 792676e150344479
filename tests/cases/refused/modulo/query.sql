-- Not GoogleSQL.
SELECT 7 % 3 AS x
