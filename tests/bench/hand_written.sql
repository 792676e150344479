-- The same steps as a run of `throughput.sql`, as one would write them by hand in DuckDB's own SQL. A statement each,
-- its name in the comment above it. $model is simulated; tables are what a run leaves, and no more.

-- rows with hash
CREATE TABLE hand.rows AS
SELECT *, sha256('simulated' || chr(10) || request) AS request_hash
FROM (
  SELECT
    review_id AS key, product, stars, prompt,
    '{"contents":[{"role":"user","parts":[{"text":' || to_json(prompt)::VARCHAR || '}]}],"systemInstruction":{"parts":[{"text":"You label product reviews."}]},"generationConfig":{"temperature":0,"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"sentiment":{"type":"STRING","enum":["positive","neutral","negative"]},"score":{"type":"NUMBER","minimum":0,"maximum":1,"nullable":true},"topics":{"type":"ARRAY","items":{"type":"STRING"},"nullable":true}},"propertyOrdering":["sentiment","score","topics"],"required":["sentiment"]},"maxOutputTokens":1024}}' AS request
  FROM (SELECT *, 'Classify this review of ' || product || '.' || chr(10) || chr(10) || 'Review: ' || review AS prompt FROM llm.source)
);

-- distinct requests
CREATE TABLE hand.requests AS
SELECT request_hash AS key, any_value(request)::JSON AS request
FROM hand.rows
GROUP BY request_hash;

-- simulate
CREATE TABLE hand.responses AS
SELECT
  key,
  ('{"candidates": [{"content": {"role": "model", "parts": [{"text": ' || to_json(
    '{"sentiment": "' || ['positive', 'neutral', 'negative'][1 + ('0x' || key[1:4])::BIGINT % 3] || '", "score": ' || (('0x' || key[5:8])::BIGINT % 1000) / 1000
    || ', "topics": ["simulated ' || key[9:16] || '", "simulated ' || key[17:24] || '"]}'
  )::VARCHAR || '}]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": ' || (length(request->>'$.contents[0].parts[0].text') + 3) // 4
  || ', "candidatesTokenCount": 20, "totalTokenCount": 60}, "modelVersion": "simulated", "responseId": "' || key[1:16] || '"}')::JSON AS response,
  '' AS status,
  now() AS processed_time
FROM hand.requests;

-- classify
CREATE TABLE hand.answers AS
SELECT
  key AS request_hash, request, response, answer, text, status,
  CASE
    WHEN status != '' THEN 'failed'
    WHEN finish = 'MAX_TOKENS' THEN 'truncated'
    WHEN answer IS NULL THEN 'invalid_json'
    WHEN coalesce(answer->>'$.sentiment', '') NOT IN ('positive', 'neutral', 'negative') THEN 'schema_mismatch'
    WHEN NOT coalesce(TRY_CAST(answer->>'$.score' AS DOUBLE) BETWEEN 0 AND 1, TRUE) THEN 'schema_mismatch'
    ELSE 'ok'
  END AS outcome,
  model, input_tokens, output_tokens, processed_time
FROM (
  SELECT
    *, f[1] AS text, f[2] AS finish, f[3] AS model, f[4]::BIGINT AS input_tokens, f[5]::BIGINT AS output_tokens, TRY_CAST(f[1] AS JSON) AS answer
  FROM (
    SELECT *, json_extract_string(response, ['$.candidates[0].content.parts[0].text', '$.candidates[0].finishReason', '$.modelVersion', '$.usageMetadata.promptTokenCount', '$.usageMetadata.candidatesTokenCount']) AS f
    FROM hand.responses JOIN hand.requests USING (key)
  )
);

-- publish
CREATE TABLE hand.published AS SELECT key, product, stars, request_hash FROM hand.rows;

-- view
SELECT sentiment, count(*), avg(score), sum(len(topics))
FROM (
  SELECT
    r.*, a.answer->>'$.sentiment' AS sentiment, TRY_CAST(a.answer->>'$.score' AS DOUBLE) AS score, a.answer->>'$.topics[*]' AS topics
  FROM hand.published r LEFT JOIN hand.answers a USING (request_hash)
)
GROUP BY sentiment;
