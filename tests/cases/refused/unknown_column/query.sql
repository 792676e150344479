-- A column that is not there, with one that is near.
SELECT
  sentimant AS x
FROM (SELECT 'good' AS sentiment)
