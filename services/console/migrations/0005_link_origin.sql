-- How a link came about: made by people, or for the mail of an alarm.
ALTER TABLE tenant_links
    ADD COLUMN origin text NOT NULL DEFAULT 'STAFF',
    ADD CONSTRAINT ck_tenant_links_origin CHECK (origin IN ('STAFF', 'ALARM_MAIL'));
