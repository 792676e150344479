-- A placeholder reaches into a STRUCT; one whose STRUCT is NULL is NULL.
SELECT id AS key, {{ prompt('{buyer.name} of {buyer.home.town}') }} AS prompt
FROM (
  SELECT 1 AS id, STRUCT('Ann' AS name, STRUCT('Oslo' AS town) AS home) AS buyer UNION ALL
  SELECT 2, STRUCT('Bob' AS name, STRUCT(CAST(NULL AS STRING) AS town) AS home) UNION ALL
  SELECT 3, NULL
)
