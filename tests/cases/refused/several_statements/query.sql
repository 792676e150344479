-- One statement at a time.
SELECT 1 AS x;
SELECT 2 AS x
