-- A sample by chance is another one on each engine.
SELECT x FROM (SELECT 1 AS x) TABLESAMPLE SYSTEM (10 PERCENT)
