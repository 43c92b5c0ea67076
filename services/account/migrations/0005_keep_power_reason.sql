-- Who set keep-power last, when and why; empty for what was set before this was kept.
ALTER TABLE accounts ADD COLUMN keep_power_user text NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN keep_power_reason text NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN keep_power_time timestamptz;
