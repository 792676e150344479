-- * and t.*, with EXCEPT and REPLACE.
WITH t AS (SELECT 1 AS id, 'x' AS a, 2.5 AS b)
SELECT * EXCEPT (b) REPLACE (id + 10 AS id), t.* EXCEPT (id, a) FROM t
