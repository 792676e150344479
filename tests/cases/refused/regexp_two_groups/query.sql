-- REGEXP_EXTRACT takes one group.
SELECT REGEXP_EXTRACT('ab', r'(a)(b)') AS x
