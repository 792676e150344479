-- A tuple has no names for its fields.
SELECT (1, 2) AS pair
