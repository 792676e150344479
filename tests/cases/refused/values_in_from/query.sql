-- Not GoogleSQL.
SELECT * FROM (VALUES (1, 'a'))
