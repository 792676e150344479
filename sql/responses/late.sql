-- One row: how many responses come late.
--
-- late: the SELECT of the late responses
SELECT COUNT(*) AS late
FROM (
{{ late }}
)
