-- Events that were found to be another one, so that what points at them is shown there. And titles are compared after
-- date and party have left few of them, so that no index of their trigrams is needed: most share most.

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_by_merged_into ON event (merged_into) WHERE merged_into IS NOT NULL;

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX event_by_title_words;
