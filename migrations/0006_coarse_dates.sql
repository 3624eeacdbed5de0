-- Dates known to the month, season or year, by the day on which they begin: few among all, and looked up for every new event.

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_by_coarse_date ON event (date_earliest) WHERE record_state = 'active' AND date_latest > date_earliest;
