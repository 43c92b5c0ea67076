-- Sites, rooms, customers and who pays for which meter.
CREATE TABLE sites (
    site_id      text        NOT NULL,
    display_name text        NOT NULL,
    time_zone    text        NOT NULL,
    create_time  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_sites PRIMARY KEY (site_id)
);

CREATE TABLE customers (
    customer_id  text NOT NULL,
    display_name text NOT NULL,
    phone        text NOT NULL DEFAULT '',
    email        text NOT NULL DEFAULT '',
    CONSTRAINT pk_customers PRIMARY KEY (customer_id)
);

CREATE TABLE rooms (
    room_id      text   NOT NULL,
    site_id      text   NOT NULL,
    building     text   NOT NULL,
    floor        text   NOT NULL,
    display_name text   NOT NULL,
    revision     bigint NOT NULL DEFAULT 1,
    CONSTRAINT pk_rooms PRIMARY KEY (room_id),
    CONSTRAINT fk_rooms_site_id FOREIGN KEY (site_id) REFERENCES sites (site_id)
);
CREATE INDEX ix_rooms_site_id_building_floor ON rooms (site_id, building, floor, display_name);

CREATE TABLE room_meters (
    meter_id    text        NOT NULL,
    room_id     text        NOT NULL,
    attach_time timestamptz NOT NULL,
    CONSTRAINT pk_room_meters PRIMARY KEY (meter_id),
    CONSTRAINT fk_room_meters_room_id FOREIGN KEY (room_id) REFERENCES rooms (room_id)
);
CREATE INDEX ix_room_meters_room_id ON room_meters (room_id);

-- Ledger accounts: purses of customers, and five of the property company's own per site.
CREATE TABLE accounts (
    account_no       bigint      GENERATED ALWAYS AS IDENTITY,
    account_id       text        NOT NULL,
    site_id          text        NOT NULL,
    kind             text        NOT NULL,
    state            text        NOT NULL DEFAULT 'open',
    customer_id      text,
    level_1_micros   bigint      NOT NULL DEFAULT 50000000,
    level_2_micros   bigint      NOT NULL DEFAULT 20000000,
    level_3_micros   bigint      NOT NULL DEFAULT 5000000,
    cut_floor_micros bigint      NOT NULL DEFAULT 0,
    keep_power       boolean     NOT NULL DEFAULT false,
    cut              boolean     NOT NULL DEFAULT false,
    open_time        timestamptz NOT NULL,
    close_time       timestamptz,
    close_reason     text        NOT NULL DEFAULT '',
    CONSTRAINT pk_accounts PRIMARY KEY (account_no),
    CONSTRAINT uq_accounts_account_id UNIQUE (account_id),
    CONSTRAINT fk_accounts_site_id FOREIGN KEY (site_id) REFERENCES sites (site_id),
    CONSTRAINT fk_accounts_customer_id FOREIGN KEY (customer_id) REFERENCES customers (customer_id),
    CONSTRAINT ck_accounts_kind
        CHECK (kind IN ('purse', 'cash', 'wechat', 'revenue', 'vacancy', 'suspense')),
    CONSTRAINT ck_accounts_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT ck_accounts_customer CHECK ((kind = 'purse') = (customer_id IS NOT NULL)),
    CONSTRAINT ck_accounts_levels CHECK (level_1_micros > level_2_micros
        AND level_2_micros > level_3_micros AND level_3_micros > cut_floor_micros)
);
CREATE UNIQUE INDEX uq_accounts_site_id_kind ON accounts (site_id, kind) WHERE kind <> 'purse';
CREATE INDEX ix_accounts_customer_id ON accounts (customer_id);

-- The account lock. One row an account, written as zero with the account; no index on what
-- changes, half-empty pages: every update stays on its page.
CREATE TABLE balances (
    account_no          bigint NOT NULL,
    balance_micros      bigint NOT NULL DEFAULT 0,
    version             bigint NOT NULL DEFAULT 0,
    credit_total_micros bigint NOT NULL DEFAULT 0,
    charge_total_micros bigint NOT NULL DEFAULT 0,
    settings_revision   bigint NOT NULL DEFAULT 1,
    CONSTRAINT pk_balances PRIMARY KEY (account_no),
    CONSTRAINT fk_balances_account_no FOREIGN KEY (account_no) REFERENCES accounts (account_no),
    CONSTRAINT ck_balances_version CHECK (version >= 0),
    CONSTRAINT ck_balances_totals CHECK (balance_micros = credit_total_micros - charge_total_micros)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- The ledger. A row is one balanced pair: account_no + amount, counter_no - amount. The key is the
-- source of the money; source_time belongs to the source (end of a charge's interval, creation of an
-- order), so the same source always falls on the same key and the same month.
CREATE SEQUENCE entry_ids CACHE 500;
CREATE TABLE entries (
    entry_id             bigint      NOT NULL DEFAULT nextval('entry_ids'),
    source_time          timestamptz NOT NULL,
    post_time            timestamptz NOT NULL,
    account_no           bigint      NOT NULL,
    counter_no           bigint      NOT NULL,
    amount_micros        bigint      NOT NULL,
    balance_after_micros bigint      NOT NULL,
    account_version      bigint      NOT NULL,
    source_kind          text        NOT NULL,
    kind                 text        NOT NULL,
    source_id            text        NOT NULL,
    CONSTRAINT pk_entries PRIMARY KEY (source_time, source_kind, source_id),
    CONSTRAINT ck_entries_pair CHECK (account_no <> counter_no),
    CONSTRAINT ck_entries_source_kind CHECK (source_kind IN ('charge', 'order', 'transaction')),
    CONSTRAINT ck_entries_kind CHECK (kind IN ('top-up', 'refund', 'charge', 'reversal', 'suspense'))
) PARTITION BY RANGE (source_time);
CREATE INDEX ix_entries_account_no_account_version ON entries (account_no, account_version);
REVOKE UPDATE, DELETE, TRUNCATE ON entries FROM CURRENT_USER;

-- Makes the partition of a month (UTC) if it is missing. ATTACH does not stop running inserts.
CREATE FUNCTION ensure_entries_month(month_start timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_day timestamptz := date_trunc('month', month_start AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    next_day  timestamptz := (date_trunc('month', month_start AT TIME ZONE 'UTC')
                              + interval '1 month') AT TIME ZONE 'UTC';
    part      text := 'entries_' || to_char(first_day AT TIME ZONE 'UTC', 'YYYYMM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_entries_month'));
    -- By a query, not by to_regclass: that may answer from a cache older than the lock.
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relname = part AND n.nspname = current_schema()) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_insert_scale_factor = 0.5)', part);
    EXECUTE format('ALTER TABLE entries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   part, first_day, next_day);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM CURRENT_USER', part);
END
$$;

-- Charges that were posted to another account than the one they named, because that did not exist:
-- their reversals must go the same way.
CREATE TABLE redirected_charges (
    charge_id        text   NOT NULL,
    named_account_id text   NOT NULL,
    account_no       bigint NOT NULL,
    CONSTRAINT pk_redirected_charges PRIMARY KEY (charge_id)
);

CREATE TABLE occupancies (
    occupancy_id     text        NOT NULL,
    account_no       bigint      NOT NULL,
    room_id          text        NOT NULL,
    meter_id         text        NOT NULL,
    start_time       timestamptz NOT NULL,
    end_time         timestamptz,
    opening_register bigint      NOT NULL,
    closing_register bigint      NOT NULL DEFAULT -1,
    revision         bigint      NOT NULL DEFAULT 1,
    vacancy          boolean     NOT NULL,
    deleted          boolean     NOT NULL DEFAULT false,
    CONSTRAINT pk_occupancies PRIMARY KEY (occupancy_id),
    CONSTRAINT fk_occupancies_account_no FOREIGN KEY (account_no) REFERENCES accounts (account_no),
    CONSTRAINT fk_occupancies_meter_id FOREIGN KEY (meter_id) REFERENCES room_meters (meter_id),
    CONSTRAINT ck_occupancies_span CHECK (end_time IS NULL OR end_time > start_time)
);
CREATE UNIQUE INDEX uq_occupancies_meter_id ON occupancies (meter_id)
    WHERE end_time IS NULL AND NOT deleted;
CREATE INDEX ix_occupancies_meter_id_start_time ON occupancies (meter_id, start_time);
CREATE INDEX ix_occupancies_room_id ON occupancies (room_id) WHERE end_time IS NULL AND NOT deleted;
CREATE INDEX ix_occupancies_account_no ON occupancies (account_no) WHERE NOT deleted;

-- Orders and what the payment provider said.
CREATE TABLE orders (
    order_id                text        NOT NULL,
    account_no              bigint      NOT NULL,
    site_id                 text        NOT NULL,
    kind                    text        NOT NULL,
    state                   text        NOT NULL,
    amount_micros           bigint      NOT NULL,
    provider_transaction_id text,
    request_id              text        NOT NULL,
    content_hash            text        NOT NULL,
    openid                  text        NOT NULL DEFAULT '',
    prepay_id               text        NOT NULL DEFAULT '',
    create_time             timestamptz NOT NULL,
    expire_time             timestamptz,
    finish_time             timestamptz,
    next_query_time         timestamptz,
    query_count             integer     NOT NULL DEFAULT 0,
    create_user             text        NOT NULL,
    note                    text        NOT NULL DEFAULT '',
    balance_after_micros    bigint,
    failure_reason          text        NOT NULL DEFAULT '',
    CONSTRAINT pk_orders PRIMARY KEY (order_id),
    CONSTRAINT uq_orders_request_id UNIQUE (request_id),
    CONSTRAINT uq_orders_provider_transaction_id UNIQUE (provider_transaction_id),
    CONSTRAINT fk_orders_account_no FOREIGN KEY (account_no) REFERENCES accounts (account_no),
    CONSTRAINT ck_orders_kind CHECK (kind IN ('cash-top-up', 'wechat-top-up', 'cash-refund')),
    CONSTRAINT ck_orders_state CHECK (state IN ('pending', 'credited', 'closed', 'disputed')),
    CONSTRAINT ck_orders_amount CHECK (amount_micros > 0)
);
CREATE INDEX ix_orders_account_no_create_time ON orders (account_no, create_time);
CREATE INDEX ix_orders_create_time ON orders (create_time);
CREATE INDEX ix_orders_next_query_time ON orders (next_query_time) WHERE state = 'pending';

-- Verified notices as they came, once each; a repetition only counts.
CREATE TABLE wechat_notices (
    notice_id      bigint      GENERATED ALWAYS AS IDENTITY,
    receive_time   timestamptz NOT NULL,
    serial         text        NOT NULL,
    nonce          text        NOT NULL,
    signed_time    text        NOT NULL,
    signature      text        NOT NULL,
    body           bytea       NOT NULL,
    order_id       text        NOT NULL,
    outcome        text        NOT NULL,
    delivery_count integer     NOT NULL DEFAULT 1,
    CONSTRAINT pk_wechat_notices PRIMARY KEY (notice_id),
    CONSTRAINT uq_wechat_notices_nonce UNIQUE (nonce, serial, signed_time)
);

-- Credit control: what is known of each meter's relay as far as money switched it, and the orders
-- to switch.
CREATE TABLE meter_switches (
    meter_id      text        NOT NULL,
    relay         text        NOT NULL DEFAULT 'on',
    last_seq      integer     NOT NULL DEFAULT 0,
    settled_seq   integer     NOT NULL DEFAULT 0,
    settled_time  timestamptz NOT NULL DEFAULT 'epoch',
    failure_count integer     NOT NULL DEFAULT 0,
    failed_action text        NOT NULL DEFAULT '',
    retry_time    timestamptz,
    CONSTRAINT pk_meter_switches PRIMARY KEY (meter_id),
    CONSTRAINT ck_meter_switches_relay CHECK (relay IN ('on', 'off', 'unknown')),
    CONSTRAINT ck_meter_switches_failed_action CHECK (failed_action IN ('', 'trip', 'restore'))
);
CREATE INDEX ix_meter_switches_retry_time ON meter_switches (retry_time) WHERE retry_time IS NOT NULL;

CREATE TABLE switch_intents (
    intent_id      text        NOT NULL,
    meter_id       text        NOT NULL,
    seq            integer     NOT NULL,
    account_no     bigint      NOT NULL,
    action         text        NOT NULL,
    state          text        NOT NULL,
    revision       bigint      NOT NULL DEFAULT 1,
    claimant       text        NOT NULL DEFAULT '',
    balance_micros bigint      NOT NULL,
    create_time    timestamptz NOT NULL,
    claim_time     timestamptz,
    finish_time    timestamptz,
    reason_text    text        NOT NULL,
    CONSTRAINT pk_switch_intents PRIMARY KEY (intent_id),
    CONSTRAINT uq_switch_intents_meter_id_seq UNIQUE (meter_id, seq),
    CONSTRAINT ck_switch_intents_action CHECK (action IN ('trip', 'restore')),
    CONSTRAINT ck_switch_intents_state
        CHECK (state IN ('ready', 'sending', 'done', 'cancelled', 'failed'))
);
CREATE UNIQUE INDEX uq_switch_intents_ready ON switch_intents (meter_id) WHERE state = 'ready';
CREATE INDEX ix_switch_intents_live ON switch_intents (meter_id, seq)
    WHERE state IN ('ready', 'sending');
CREATE INDEX ix_switch_intents_account_no ON switch_intents (account_no, create_time);

-- Where a charge goes whose account and site are both unknown.
INSERT INTO sites (site_id, display_name, time_zone) VALUES ('unassigned', 'Unassigned', 'UTC');
INSERT INTO accounts (account_id, site_id, kind, open_time)
SELECT 'unassigned-' || kind, 'unassigned', kind, now()
FROM unnest(ARRAY['cash', 'wechat', 'revenue', 'vacancy', 'suspense']) AS kind;
INSERT INTO balances (account_no) SELECT account_no FROM accounts;

-- Money is corrected by new entries, accounts are closed: neither is ever removed.
REVOKE DELETE, TRUNCATE ON accounts, balances, orders, wechat_notices, switch_intents FROM CURRENT_USER;

-- Event payloads are short-lived and of many small fields: compressing them costs more than it saves.
ALTER TABLE outbox ALTER COLUMN payload SET STORAGE EXTERNAL;
