-- The date in a text that looks like a format.
-- Note: the format is a literal, without %F; what GoogleSQL may read beyond it, as a year of five digits, is an error.
SELECT
  PARSE_DATE('%Y-%m-%d', s) AS date,
  PARSE_DATE('%d/%m/%Y', '3/1/2024') AS day_first,
  PARSE_DATE('%Y%m%d', ' 20240103 ') AS digits,
  PARSE_DATE('%b %d, %Y', 'jan 3, 2024') AS short_month,
  PARSE_DATE('%A %e %B %Y', 'Sunday 3 JANUARY 2024') AS long_month,
  PARSE_DATE('%m/%d/%y', '01/03/68') AS twenties,
  PARSE_DATE('%D', '01/03/69') AS sixties,
  PARSE_DATE('%Y', '2024') AS year,
  PARSE_DATE('%Y %m', '2024   5') AS month,
  PARSE_DATE('%d%%%m', '3%4') AS percent
FROM UNNEST(['2024-02-29', '2024-1-3', '  2024-01-03', '2024-01-03 ', '24-01-03', '9999-12-31', NULL]) AS s
ORDER BY s
