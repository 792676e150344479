-- The same question asked three times has three hashes and one text; a sample that is NULL is no sample.
SELECT CONCAT(word, '-', IFNULL(CAST(nth AS STRING), 'none')) AS key, nth AS sample, nth AS sampled, {{ prompt('Name a {word}.') }} AS prompt
FROM (SELECT 'colour' AS word, 1 AS nth UNION ALL SELECT 'colour', 2 UNION ALL SELECT 'colour', -3 UNION ALL SELECT 'colour', NULL)
