-- An escape that GoogleSQL does not have.
SELECT REGEXP_CONTAINS('a1', '\d') AS x
