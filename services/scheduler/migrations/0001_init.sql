-- Batch tasks. The counts change in the transaction that changes the items, under the lock of this
-- row, and always add up.
CREATE TABLE tasks (
    task_seq         bigint      GENERATED ALWAYS AS IDENTITY,
    task_id          text        NOT NULL,
    display_name     text        NOT NULL,
    action           text        NOT NULL,
    state            text        NOT NULL,
    due_time         timestamptz NOT NULL,
    not_after        timestamptz NOT NULL,
    create_time      timestamptz NOT NULL,
    finish_time      timestamptz,
    create_user      text        NOT NULL,
    reason_text      text        NOT NULL,
    retry_of         text        NOT NULL DEFAULT '',
    cancel_requested boolean     NOT NULL DEFAULT false,
    total_count      integer     NOT NULL,
    waiting_count    integer     NOT NULL,
    sent_count       integer     NOT NULL DEFAULT 0,
    verified_count   integer     NOT NULL DEFAULT 0,
    failed_count     integer     NOT NULL DEFAULT 0,
    cancelled_count  integer     NOT NULL DEFAULT 0,
    CONSTRAINT pk_tasks PRIMARY KEY (task_seq),
    CONSTRAINT uq_tasks_task_id UNIQUE (task_id),
    CONSTRAINT ck_tasks_action CHECK (action IN ('TRIP', 'CLOSE', 'RELEASE')),
    CONSTRAINT ck_tasks_state CHECK (state IN ('WAITING', 'RUNNING', 'DONE', 'CANCELLED')),
    CONSTRAINT ck_tasks_counts CHECK (
        total_count = waiting_count + sent_count + verified_count + failed_count + cancelled_count
        AND least(waiting_count, sent_count, verified_count, failed_count, cancelled_count) >= 0),
    CONSTRAINT ck_tasks_finish CHECK ((state IN ('DONE', 'CANCELLED')) = (finish_time IS NOT NULL)),
    CONSTRAINT ck_tasks_final
        CHECK ((state IN ('DONE', 'CANCELLED')) = (waiting_count + sent_count = 0))
);
CREATE INDEX ix_tasks_due_time ON tasks (due_time) WHERE state = 'WAITING';
CREATE INDEX ix_tasks_running ON tasks (task_id) WHERE state = 'RUNNING';

-- One target of a task. item_id is also the command's id at the gateway.
-- fence grows with each claim; a worker's mark with an older one is refused.
-- submit_claim_time: the last claim that may have submitted.
-- next_time: WAITING = not to be claimed before; SENT = not to be asked about before.
CREATE TABLE items (
    item_seq          bigint      GENERATED ALWAYS AS IDENTITY,
    item_id           text        NOT NULL,
    task_id           text        NOT NULL,
    meter_id          text        NOT NULL,
    state             text        NOT NULL DEFAULT 'WAITING',
    fence             bigint      NOT NULL DEFAULT 0,
    lease_time        timestamptz,
    submit_claim_time timestamptz,
    next_time         timestamptz NOT NULL,
    attempt_count     integer     NOT NULL DEFAULT 0,
    cancel_request_id text        NOT NULL DEFAULT '',
    cancel_answered   boolean     NOT NULL DEFAULT false,
    failure_reason    text        NOT NULL DEFAULT '',
    finish_time       timestamptz,
    CONSTRAINT pk_items PRIMARY KEY (item_seq),
    CONSTRAINT uq_items_item_id UNIQUE (item_id),
    CONSTRAINT uq_items_task_id_meter_id UNIQUE (task_id, meter_id),
    CONSTRAINT fk_items_task_id FOREIGN KEY (task_id) REFERENCES tasks (task_id),
    CONSTRAINT ck_items_state CHECK (state IN ('WAITING', 'SENT', 'VERIFIED', 'FAILED', 'CANCELLED')),
    CONSTRAINT ck_items_finish CHECK ((state IN ('WAITING', 'SENT')) = (finish_time IS NULL))
);
CREATE INDEX ix_items_waiting ON items (task_id, item_seq) WHERE state = 'WAITING';
CREATE INDEX ix_items_sent ON items (next_time) WHERE state = 'SENT';
CREATE INDEX ix_items_task_id_item_seq ON items (task_id, item_seq);
