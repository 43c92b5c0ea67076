-- Exact conversion of microseconds since 1970, in which times travel as parameters. STABLE, as the
-- operators inside are, or the calls would not be inlined.
CREATE FUNCTION to_time(micros bigint) RETURNS timestamptz
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    AS $$ SELECT timestamptz 'epoch' + micros * interval '1 microsecond' $$;
CREATE FUNCTION to_micros(moment timestamptz) RETURNS bigint
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM moment) * 1000000)::bigint $$;

CREATE TABLE tariffs (
    tariff_key   bigint GENERATED ALWAYS AS IDENTITY,
    tariff_id    text   NOT NULL,
    display_name text   NOT NULL,
    resource     text   NOT NULL,
    CONSTRAINT pk_tariffs PRIMARY KEY (tariff_key),
    CONSTRAINT uq_tariffs_tariff_id UNIQUE (tariff_id),
    CONSTRAINT ck_tariffs_resource CHECK (resource IN ('electricity', 'water'))
);

-- Immutable: a bill of years ago must come out the same.
CREATE TABLE tariff_versions (
    tariff_key     bigint      NOT NULL,
    version        integer     NOT NULL,
    effective_time timestamptz NOT NULL,
    definition     jsonb       NOT NULL,
    create_user    text        NOT NULL,
    create_time    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_tariff_versions PRIMARY KEY (tariff_key, version),
    CONSTRAINT uq_tariff_versions_tariff_key_effective_time UNIQUE (tariff_key, effective_time),
    CONSTRAINT fk_tariff_versions_tariff_key FOREIGN KEY (tariff_key) REFERENCES tariffs,
    CONSTRAINT ck_tariff_versions_version CHECK (version >= 1)
);

-- A meter and the register up to which it is billed. All work on a meter locks its row first.
CREATE TABLE meters (
    meter_key        bigint  GENERATED ALWAYS AS IDENTITY,
    meter_id         text    NOT NULL,
    base_slot_time   timestamptz,
    base_revision    integer,
    base_read_time   timestamptz,
    base_register    bigint,
    base_epoch       integer,
    base_reading_id  bigint,
    first_slot_time  timestamptz,
    first_revision   integer,
    first_read_time  timestamptz,
    first_register   bigint,
    first_epoch      integer,
    first_reading_id bigint,
    CONSTRAINT pk_meters PRIMARY KEY (meter_key),
    CONSTRAINT uq_meters_meter_id UNIQUE (meter_id)
) WITH (fillfactor = 60);

CREATE TABLE accounts (
    account_key     bigint GENERATED ALWAYS AS IDENTITY,
    account_id      text   NOT NULL,
    remainder_nanos bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_accounts PRIMARY KEY (account_key),
    CONSTRAINT uq_accounts_account_id UNIQUE (account_id)
) WITH (fillfactor = 60);

-- Who pays for a meter; a projection of prepay.account.occupancies.v1.
CREATE TABLE occupancies (
    occupancy_key    bigint      GENERATED ALWAYS AS IDENTITY,
    occupancy_id     text        NOT NULL,
    meter_key        bigint      NOT NULL,
    account_key      bigint      NOT NULL,
    room_id          text        NOT NULL,
    site_id          text        NOT NULL,
    start_time       timestamptz NOT NULL,
    end_time         timestamptz,
    opening_register bigint      NOT NULL,
    closing_register bigint      NOT NULL,
    revision         bigint      NOT NULL,
    vacancy          boolean     NOT NULL,
    deleted          boolean     NOT NULL,
    CONSTRAINT pk_occupancies PRIMARY KEY (occupancy_key),
    CONSTRAINT uq_occupancies_occupancy_id_meter_key UNIQUE (occupancy_id, meter_key),
    CONSTRAINT fk_occupancies_meter_key FOREIGN KEY (meter_key) REFERENCES meters,
    CONSTRAINT fk_occupancies_account_key FOREIGN KEY (account_key) REFERENCES accounts,
    CONSTRAINT ck_occupancies_end_time CHECK (end_time >= start_time)
);
CREATE INDEX ix_occupancies_meter_key_start_time ON occupancies (meter_key, start_time);

-- From when a meter has a tariff; the next row of the meter ends it.
CREATE TABLE assignments (
    meter_key   bigint      NOT NULL,
    start_time  timestamptz NOT NULL,
    tariff_key  bigint      NOT NULL,
    create_user text        NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_assignments PRIMARY KEY (meter_key, start_time),
    CONSTRAINT fk_assignments_meter_key FOREIGN KEY (meter_key) REFERENCES meters,
    CONSTRAINT fk_assignments_tariff_key FOREIGN KEY (tariff_key) REFERENCES tariffs
);
CREATE INDEX ix_assignments_tariff_key ON assignments (tariff_key, meter_key);

-- Energy of the running tier span of an account at a meter.
CREATE TABLE tier_counters (
    meter_key   bigint  NOT NULL,
    account_key bigint  NOT NULL,
    tier_span   text    NOT NULL,
    span_key    integer NOT NULL,
    energy      bigint  NOT NULL,
    CONSTRAINT pk_tier_counters PRIMARY KEY (meter_key, account_key),
    CONSTRAINT ck_tier_counters_tier_span CHECK (tier_span IN ('none', 'month', 'quarter', 'year')),
    CONSTRAINT ck_tier_counters_energy CHECK (energy >= 0)
) WITH (fillfactor = 60);

-- Readings that wait for an occupancy or a tariff.
CREATE TABLE pending_readings (
    meter_key      bigint      NOT NULL,
    slot_time      timestamptz NOT NULL,
    register_epoch integer     NOT NULL,
    revision       integer     NOT NULL,
    read_time      timestamptz NOT NULL,
    register_total bigint      NOT NULL,
    reading_id     bigint      NOT NULL,
    CONSTRAINT pk_pending_readings PRIMARY KEY (meter_key, slot_time, register_epoch, revision),
    CONSTRAINT fk_pending_readings_meter_key FOREIGN KEY (meter_key) REFERENCES meters
);

CREATE SEQUENCE charge_ids;

-- Append-only. `lines` holds 7 numbers a line: start and end (microseconds since 1970), rate period,
-- tier, energy, price_micros, amount_nanos. from_* and to_* are the readings around the charge.
CREATE TABLE charges (
    charge_id              bigint      NOT NULL,
    kind                   text        NOT NULL,
    meter_key              bigint      NOT NULL,
    account_key            bigint      NOT NULL,
    occupancy_key          bigint      NOT NULL,
    tariff_key             bigint      NOT NULL,
    tariff_version         integer     NOT NULL,
    start_time             timestamptz NOT NULL,
    end_time               timestamptz NOT NULL,
    start_register         bigint      NOT NULL,
    end_register           bigint      NOT NULL,
    energy                 bigint      NOT NULL,
    amount_micros          bigint      NOT NULL,
    amount_nanos           bigint      NOT NULL,
    lines                  bigint[]    NOT NULL,
    tier_span_before       text        NOT NULL,
    tier_span_key_before   integer     NOT NULL,
    tier_energy_before     bigint      NOT NULL,
    tier_span_after        text        NOT NULL,
    tier_span_key_after    integer     NOT NULL,
    tier_energy_after      bigint      NOT NULL,
    remainder_before_nanos bigint      NOT NULL,
    remainder_after_nanos  bigint      NOT NULL,
    register_epoch         integer     NOT NULL,
    from_slot_time         timestamptz NOT NULL,
    from_time              timestamptz NOT NULL,
    from_register          bigint      NOT NULL,
    from_reading_id        bigint      NOT NULL,
    to_slot_time           timestamptz NOT NULL,
    to_time                timestamptz NOT NULL,
    to_register            bigint      NOT NULL,
    to_reading_id          bigint      NOT NULL,
    reversal_of            bigint,
    CONSTRAINT pk_charges PRIMARY KEY (charge_id),
    CONSTRAINT ck_charges_kind CHECK (kind = CASE WHEN reversal_of IS NULL THEN 'energy' ELSE 'reversal' END),
    CONSTRAINT ck_charges_energy CHECK
        (energy = CASE WHEN reversal_of IS NULL THEN end_register - start_register
                       ELSE start_register - end_register END),
    CONSTRAINT ck_charges_lines CHECK (cardinality(lines) % 7 = 0),
    CONSTRAINT ck_charges_arithmetic CHECK
        (amount_micros * 1000 + remainder_after_nanos = amount_nanos + remainder_before_nanos)
);
-- A charge is reversed at most once.
CREATE UNIQUE INDEX uq_charges_reversal_of ON charges (reversal_of) WHERE reversal_of IS NOT NULL;
CREATE INDEX ix_charges_meter_key_to_time ON charges (meter_key, to_time, charge_id);
CREATE INDEX ix_charges_account_key_charge_id ON charges (account_key, charge_id);

REVOKE UPDATE, DELETE, TRUNCATE ON charges, tariff_versions FROM CURRENT_USER;
