-- An array has no text of its own.
SELECT CAST(tags AS STRING) AS x FROM (SELECT ['a'] AS tags)
