-- A day as the format says.
-- Note: the format is a literal of %Y %m %d %j %y %b %B %a %A %u %w %U %W %V %G %F %D and the like; years from 1000 on.
SELECT
  n,
  FORMAT_DATE('%Y-%m-%d', d) AS iso,
  FORMAT_DATE('%d/%m/%y, %A %a', d) AS words,
  FORMAT_DATE('%B %b %j %u %w %U %W %V %G', d) AS parts,
  FORMAT_DATE('%F %D 100%%', d) AS short
FROM UNNEST([STRUCT(1 AS n, DATE '2024-02-29' AS d), (2, DATE '2023-01-01'), (3, DATE '2024-12-31'), (4, DATE '9999-12-31'), (5, NULL)])
ORDER BY n
