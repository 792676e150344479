-- A directive that the engines write differently.
SELECT FORMAT_DATE('%Y-%Q', DATE '2024-01-01') AS x
