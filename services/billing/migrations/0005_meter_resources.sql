-- What a meter's registers count may change with a swap: by epoch, so that what an earlier meter counted
-- is never rated again as what the new one counts.
CREATE TABLE meter_resources (
    meter_key      bigint  NOT NULL,
    register_epoch integer NOT NULL,
    resource       text    NOT NULL,
    CONSTRAINT pk_meter_resources PRIMARY KEY (meter_key, register_epoch),
    CONSTRAINT fk_meter_resources_meter_key FOREIGN KEY (meter_key) REFERENCES meters,
    CONSTRAINT ck_meter_resources_resource CHECK (resource IN ('electricity', 'water'))
);
-- The epochs of what waits, of the charges, and of the base, which is the newest.
INSERT INTO meter_resources (meter_key, register_epoch, resource)
    SELECT DISTINCT c.meter_key, c.register_epoch, t.resource
        FROM charges c JOIN tariffs t USING (tariff_key) JOIN meters m USING (meter_key)
        WHERE c.register_epoch < m.base_epoch AND m.resource IS NOT NULL
    ON CONFLICT DO NOTHING;
INSERT INTO meter_resources (meter_key, register_epoch, resource)
    SELECT DISTINCT m.meter_key, e.register_epoch, m.resource
        FROM meters m
        CROSS JOIN LATERAL (SELECT m.base_epoch UNION
            SELECT p.register_epoch FROM pending_readings p WHERE p.meter_key = m.meter_key)
            AS e(register_epoch)
        WHERE m.resource IS NOT NULL AND e.register_epoch >= coalesce(m.base_epoch, 0)
    ON CONFLICT DO NOTHING;
ALTER TABLE meters DROP COLUMN resource;
