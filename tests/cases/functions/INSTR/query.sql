-- Where a text first stands in another, from 1; 0 where it does not.
-- Note: a position and an occurrence are not taken.
SELECT n, INSTR(s, 'an') AS place, INSTR(s, '') AS nothing
FROM UNNEST([STRUCT(1 AS n, 'banana' AS s), (2, 'é😀an'), (3, ''), (4, 'x'), (5, NULL)])
ORDER BY n
