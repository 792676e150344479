-- A text is no number.
SELECT '5' + 1 AS x
