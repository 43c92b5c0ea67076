-- A message whose answer was lost is tried once more where a repetition does no harm. Until then its
-- row says UNKNOWN and due_time is the moment of the second try.
ALTER TABLE notifications
    ADD COLUMN retry_left boolean NOT NULL DEFAULT false,
    ADD COLUMN is_retry   boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ck_notifications_retry_left CHECK (NOT retry_left OR state = 'UNKNOWN');

DROP INDEX ix_notifications_due_time;
CREATE INDEX ix_notifications_due_time ON notifications (due_time)
    WHERE state = 'WAITING' OR retry_left;
