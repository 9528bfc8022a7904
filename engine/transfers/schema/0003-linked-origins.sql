-- A file that is gone here and stays in the pool keeps its row with a size of -1: if it comes back, its content follows the version it had.
CREATE INDEX linked_item_gone ON linked_item (link) WHERE size < 0;
-- Which other path, of this or another link, leads to the same entry.
CREATE INDEX linked_item_by_entry ON linked_item (entry);
