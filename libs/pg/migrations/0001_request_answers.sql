-- Answers of mutations by the initiator's id, for at-most-once effects.
CREATE TABLE request_answers (
    request_id   text        NOT NULL,
    method       text        NOT NULL,
    content_hash text        NOT NULL,
    subject      text        NOT NULL,
    answer       bytea       NOT NULL,
    create_time  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_request_answers PRIMARY KEY (request_id)
);
