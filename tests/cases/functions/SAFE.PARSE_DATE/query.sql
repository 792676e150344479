-- As PARSE_DATE, but NULL of a text that does not look like it.
-- Note: as of PARSE_DATE.
SELECT s, SAFE.PARSE_DATE('%Y-%m-%d', s) AS date, SAFE.PARSE_DATE('%d %b %Y', s) AS other, SAFE.PARSE_DATE('%d %b %Y', '3 foo 2024') AS no_month
FROM UNNEST([
  '2024-02-29', '2024-02-30', '2024-13-01', 'x', '', '2024-01-01T00:00:00', 'abcd-ef-gh', '2024-001-01', '-2024-01-01', '2024/01/01', '2024 - 01-01', '0000-01-01', '2024-00-10', ' 2024-01-01 ', NULL
]) AS s
ORDER BY s
