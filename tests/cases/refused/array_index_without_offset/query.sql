-- list[0] might be JSON's or an array's.
SELECT [1, 2][0] AS first
