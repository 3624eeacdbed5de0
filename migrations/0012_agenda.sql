-- What is still to come, by the day on which it is due: a date that is expected or a deadline, and that no other date
-- settles; a commitment of which nobody knows yet what became. `item` is the fact: dates/launch, statements/promise.
-- What has no day stands at infinity.

CREATE TABLE event_agenda (
    event_id uuid NOT NULL REFERENCES event (id),
    item     text COLLATE "C" NOT NULL,
    due      date NOT NULL,
    PRIMARY KEY (event_id, item)
);
CREATE INDEX event_agenda_by_due ON event_agenda (due, event_id, item);

INSERT INTO event_agenda (event_id, item, due)
SELECT event.id, open.item, open.due
  FROM event
 CROSS JOIN LATERAL (SELECT convert_from(document, 'UTF8')::jsonb) AS stored (record)
 CROSS JOIN LATERAL (
        SELECT 'dates/' || (entry ->> 'id'), coalesce((entry ->> 'latest')::date, 'infinity')
          FROM jsonb_array_elements(record -> 'dates') AS entry
         WHERE entry ->> 'modality' <> 'actual'
           AND NOT EXISTS (SELECT FROM jsonb_array_elements(record -> 'dates') AS other
                            WHERE other ->> 'resolves' = entry ->> 'id')
     UNION ALL
        SELECT 'statements/' || (said ->> 'id'), 'infinity'
          FROM jsonb_array_elements(record -> 'statements') AS said
         WHERE said ->> 'kind' = 'commitment'
           AND coalesce(said ->> 'outcome', 'pending') = 'pending'
           AND said ->> 'resolved_by' IS NULL
       ) AS open (item, due)
 WHERE event.record_state = 'active'
   AND coalesce(event.status, '') NOT IN ('cancelled', 'withdrawn', 'superseded', 'expired', 'denied');
