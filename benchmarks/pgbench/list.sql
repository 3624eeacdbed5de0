-- The service's query for a page of 50, newest first. As text for the same reason as in get.sql.
SELECT convert_from(document, 'UTF8'), (coalesce(date_earliest, '-infinity'))::text, (id)::text
  FROM event
 WHERE record_state = 'active'
 ORDER BY coalesce(date_earliest, '-infinity') DESC, id DESC
 LIMIT 51;
