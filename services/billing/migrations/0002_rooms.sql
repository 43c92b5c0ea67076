-- Names of rooms for explanations; a projection of prepay.account.rooms.v1.
CREATE TABLE rooms (
    room_id      text   NOT NULL,
    site_id      text   NOT NULL,
    building     text   NOT NULL,
    display_name text   NOT NULL,
    revision     bigint NOT NULL,
    CONSTRAINT pk_rooms PRIMARY KEY (room_id)
);
