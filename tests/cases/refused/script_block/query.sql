-- A block of statements is not one query.
BEGIN
  SELECT 1 AS x;
END
