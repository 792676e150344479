SELECT _model AS model, COUNT(*) AS reviews, COUNTIF(_outcome = 'ok') AS ok, COUNTIF(sentiment = label) AS as_labelled
FROM quick
GROUP BY _model
