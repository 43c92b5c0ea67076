-- Links to the tenant's page. A link's id is the session of its token, so that it can be taken back.
CREATE TABLE tenant_links (
    link_id     text        NOT NULL,               -- UUIDv7: in the order of making.
    account_id  text        NOT NULL,
    creator     text        NOT NULL,               -- "user:li".
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    revoker     text,
    revoke_time timestamptz,
    CONSTRAINT pk_tenant_links PRIMARY KEY (link_id),
    CONSTRAINT ck_tenant_links_revoke CHECK ((revoker IS NULL) = (revoke_time IS NULL))
);
CREATE INDEX ix_tenant_links_account_id ON tenant_links (account_id, link_id);
CREATE INDEX ix_tenant_links_revoke_time ON tenant_links (revoke_time) WHERE revoke_time IS NOT NULL;
CREATE INDEX ix_tenant_links_expire_time ON tenant_links (expire_time);
