-- An array has no text in FORMAT.
SELECT FORMAT('%t', tags) AS x FROM (SELECT ['a'] AS tags)
