-- One row per wrong row, the first few, each with how many there are in all.
--
-- check: the SELECT of the wrong rows
-- limit: how many are shown
SELECT *, COUNT(*) OVER () AS wrong
FROM (
{{ check }}
)
LIMIT {{ limit }}
