-- Rooms as people call them: they stand in messages.
ALTER TABLE accounts RENAME COLUMN room_ids TO room_names;
