-- A new id of 36 characters in each row.
SELECT COUNT(DISTINCT id) AS ids, LOGICAL_AND(REGEXP_CONTAINS(id, r'^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')) AS well_formed
FROM (SELECT GENERATE_UUID() AS id FROM UNNEST(GENERATE_ARRAY(1, 10)))
