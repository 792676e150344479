-- ORDER BY a new name, a number and an expression; a new name goes before a column of that name.
SELECT -v AS v, w AS other FROM UNNEST([STRUCT(1 AS v, 'b' AS w), (3, 'a'), (2, 'a')]) ORDER BY 2, v, LENGTH(other)
