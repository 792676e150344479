-- A fraction of a second prints in three digits or in six.
SELECT id AS key, {{ prompt('{dt} {t} {ts}') }} AS prompt
FROM (
  SELECT 1 AS id, DATETIME '2026-01-02T03:04:05.1' AS dt, TIME '03:04:05.12' AS t, TIMESTAMP '2026-01-02 03:04:05.120+00' AS ts
  UNION ALL SELECT 2, DATETIME '2026-01-02T03:04:05.1234', TIME '03:04:05.12345', TIMESTAMP '2026-01-02 03:04:05.1234+00'
)
