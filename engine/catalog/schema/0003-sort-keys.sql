-- Names are listed in order of the numbers in them: by a key of their own beside the folded name (engine/catalog/views/names.ts).
ALTER TABLE entry ADD COLUMN sort_key TEXT;
DROP INDEX entry_by_name;
UPDATE entry SET sort_key = sort_key_of(fold) WHERE fold IS NOT NULL;
CREATE INDEX entry_by_name ON entry (place, kind, sort_key, id) WHERE place IS NOT NULL;

-- How far the look into a folder has come was told in the old order: such looks begin anew.
ALTER TABLE wanted_pending RENAME COLUMN after_fold TO after_key;
UPDATE wanted_pending SET after_kind = 1, after_key = '', after_id = x'' WHERE after_kind IS NOT NULL;
